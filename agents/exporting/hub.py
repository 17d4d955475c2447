"""Uploading an exported policy to the Hugging Face hub, through its own library."""

from __future__ import annotations

from pathlib import Path

from nearsym.envs.errors import InputError, first_line
from nearsym.envs.extra import extra

from .export import CARD
from .formats import FORMATS
from .settings import PushSettings


def files_to_send(folder: Path) -> list[Path]:
    """The policy and its card, and nothing else that may lie beside them.

    Raises:
        InputError: the folder holds no export.
    """
    policies = [folder / form.file for form in FORMATS.values() if (folder / form.file).is_file()]
    if not policies or not (folder / CARD).is_file():
        raise InputError(
            f"{folder} holds no exported policy with its {CARD}; give the folder that nearsym export has written"
        )
    return [*policies, folder / CARD]


def push(settings: PushSettings) -> str:
    """Upload the files, as one commit.

    Returns:
        The address of the repository.

    Raises:
        InputError: nothing is to be sent, nobody is logged in, the repository is there already, or the hub cannot be
            reached or refuses.
    """
    files = files_to_send(Path(settings.folder))
    hub = extra("huggingface_hub", "hub", "push")
    if hub.get_token() is None:
        raise InputError("nobody is logged in to the Hugging Face hub; run `hf auth login`, or set HF_TOKEN")
    api = hub.HfApi()
    try:
        taken = not settings.replace and api.repo_exists(settings.repo)
        if not taken:
            api.create_repo(settings.repo, private=settings.private, exist_ok=True)
            added = [hub.CommitOperationAdd(path_in_repo=file.name, path_or_fileobj=file) for file in files]
            done = api.create_commit(settings.repo, operations=added, commit_message="A policy exported by nearsym")
    except Exception as error:  # its own, those of the transport, and of the network
        first = first_line(error)
        raise InputError(f"the Hugging Face hub could not take {settings.repo} ({first[:200]})") from error
    if taken:
        raise InputError(f"{settings.repo} is there already; replace=true writes a new version into it")
    address: str = done.repo_url
    return str(address)
