"""What is sent to the Hugging Face hub, up to the network."""

from types import SimpleNamespace

import huggingface_hub
import pytest

from nearsym.scripts.main import run


class Hub:
    """Takes what it is given; knows one repository."""

    known, made, sent = {"me/old"}, [], []

    def repo_exists(self, repo):
        return repo in self.known

    def create_repo(self, repo, private, exist_ok):
        self.made.append((repo, private))

    def create_commit(self, repo, operations, commit_message):
        self.sent.append((repo, sorted(each.path_in_repo for each in operations)))
        return SimpleNamespace(repo_url=f"hub/{repo}")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "export"
    folder.mkdir()
    for name in ("policy.onnx", "README.md", "secret.txt", ".token"):
        (folder / name).write_text("x" * 2000)
    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "a token")
    monkeypatch.setattr(Hub, "made", [])
    monkeypatch.setattr(Hub, "sent", [])
    return folder


def test_policy_and_card_are_sent_and_nothing_else(folder, capsys):
    assert run(["push", str(folder), "repo=me/new", "private=true"]) == 0
    assert Hub.sent == [("me/new", ["README.md", "policy.onnx"])] and Hub.made == [("me/new", True)]
    assert "sent: hub/me/new" in capsys.readouterr().out


def test_a_dry_run_sends_nothing(folder, capsys):
    assert run(["push", str(folder), "repo=me/new", "dry_run=true"]) == 0
    out = capsys.readouterr().out
    assert Hub.sent == Hub.made == [] and "would send" in out and "policy.onnx" in out and "secret" not in out


def test_what_is_there_is_replaced_only_when_told(folder, capsys):
    assert run(["push", str(folder), "repo=me/old"]) == 2
    assert "me/old is there already; replace=true" in capsys.readouterr().err and Hub.sent == []
    assert run(["push", str(folder), "repo=me/old", "replace=true"]) == 0
    assert len(Hub.sent) == 1


def test_wrong_words_nobody_logged_in_and_no_network_are_one_line(folder, tmp_path, monkeypatch, capsys):
    for words, part in (
        ((str(tmp_path), "repo=me/new"), "holds no exported policy"),
        ((str(folder), "repo=new"), "expected user/name"),
        ((str(folder),), "repo"),
    ):
        assert run(["push", *words]) == 2
        assert part in capsys.readouterr().err

    def offline(self, repo):
        raise ConnectionError("could not resolve host\nand more")

    monkeypatch.setattr(Hub, "repo_exists", offline)
    assert run(["push", str(folder), "repo=me/new"]) == 2
    said = capsys.readouterr().err
    assert "could not take me/new (could not resolve host)" in said and said.count("\n") == 1
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    assert run(["push", str(folder), "repo=me/new"]) == 2
    assert "nobody is logged in" in capsys.readouterr().err and Hub.sent == []
