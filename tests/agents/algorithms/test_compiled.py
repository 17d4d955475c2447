from pathlib import Path

import torch

from nearsym.agents.algorithms.compiled import cache_folder


def test_processors_do_not_share_compiled_code(monkeypatch):
    """Code for instructions that a processor lacks, or that torch does not use there, ends in a segmentation fault."""
    here = cache_folder()
    assert here == cache_folder()
    capability = torch.backends.cpu.get_cpu_capability()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: f"no {capability}")
    assert cache_folder() != here
    monkeypatch.undo()
    assert cache_folder() == here

    read_text = Path.read_text

    def other(path, *arguments, **options):
        if str(path) == "/proc/cpuinfo":
            return "processor : 0\nflags : fpu only\n"
        return read_text(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", other)
    assert cache_folder() != here
