"""Where frames are shown: a window, or a film."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

import imageio.v2 as imageio
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

Frame = NDArray[np.uint8]


class Screen(Protocol):
    """Shows frames one after the other."""

    def show(self, frame: Frame, title: str) -> bool:
        """Show one; False where whoever watches has seen enough."""

    def close(self) -> None:
        """No more frames."""


class Film:
    """An mp4.

    Args:
        path: where to.
        fps: frames a second.

    Raises:
        InputError: there is no encoder.
    """

    def __init__(self, path: Path, fps: float) -> None:
        try:
            self._writer = imageio.get_writer(path, fps=fps, macro_block_size=2)
        except ImportError as error:
            raise InputError(f"writing a video needs ffmpeg ({error}); pip install imageio-ffmpeg") from error

    def show(self, frame: Frame, title: str = "") -> bool:
        """Add a frame."""
        self._writer.append_data(frame)
        return True

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class Window:
    """A window of Tk's, which comes with Python; frames appear at the speed they happened.

    Args:
        fps: frames a second.

    Raises:
        InputError: there is no display, or Python came without Tk.
    """

    def __init__(self, fps: float) -> None:
        try:
            import tkinter

            self._root = tkinter.Tk()
        except ImportError as error:
            raise InputError(f"a window needs Python's tkinter ({error}); use film=true") from error
        except tkinter.TclError as error:
            raise InputError(f"there is no display ({error}); use film=true") from error
        self._image: Any = tkinter.PhotoImage(master=self._root)
        self._open, self._pause, self._next = True, 1 / fps, time.monotonic()
        tkinter.Label(self._root, image=self._image).pack()
        self._root.protocol("WM_DELETE_WINDOW", self._shut)

    def show(self, frame: Frame, title: str = "") -> bool:
        """Draw a frame, once it is time."""
        height, width = frame.shape[:2]
        self._image.configure(data=b"P6 %d %d 255 " % (width, height) + np.ascontiguousarray(frame).tobytes())
        self._root.title(title)
        self._root.update()
        self._next += self._pause
        time.sleep(max(0.0, self._next - time.monotonic()))
        return self._open

    def close(self) -> None:
        """Close the window."""
        self._root.destroy()

    def _shut(self) -> None:
        self._open = False
