"""`zoo playground` serves the page or copies it, and never takes away what it did not write."""

import sys
import urllib.error
import urllib.request

import pytest

from tests.browser.process import ROOT, listening
from zoo import cli
from zoo.playground import hosting


def refusal(capsys, *words):
    """Returns the one line that a caller's mistake gets."""
    assert cli.main(["playground", *map(str, words)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    return printed.err


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_static_writes_the_whole_page(tmp_path, capsys):
    folder = tmp_path / "new" / "site"
    assert cli.main(["playground", "--static", str(folder)]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "index.html")
    assert contents(folder) == contents(hosting.PAGE)
    assert [path.name for path in folder.parent.iterdir()] == ["site"]


def test_static_replaces_its_own_page_only_with_overwrite(tmp_path, capsys):
    folder = tmp_path / "site"
    hosting.write(folder)
    (folder / "style.css").write_text("old")
    assert "holds a page of the playground already. Pass --overwrite" in refusal(capsys, "--static", folder)
    assert (folder / "style.css").read_text() == "old"
    assert cli.main(["playground", "--static", str(folder), "--overwrite"]) == 0
    assert contents(folder) == contents(hosting.PAGE)


@pytest.mark.parametrize("file", ["thesis.txt", "index.html"])
def test_static_never_replaces_what_it_did_not_write(tmp_path, capsys, file):
    (tmp_path / file).write_text("<h1>mine</h1>")
    said = refusal(capsys, "--static", tmp_path, "--overwrite")
    assert "something else, which is left unchanged. Choose another folder." in said
    assert contents(tmp_path).keys() == {(tmp_path / file).relative_to(tmp_path)}


def test_a_file_in_the_place_of_the_folder_is_left(tmp_path, capsys):
    file = tmp_path / "site"
    file.write_text("mine")
    assert "must be a new folder" in refusal(capsys, "--static", file)
    assert file.read_text() == "mine"


def test_an_empty_folder_is_written_to(tmp_path):
    assert hosting.write(tmp_path).is_file()


def test_options_that_do_nothing_are_refused(tmp_path, capsys):
    said = refusal(capsys, "--overwrite")
    assert "--overwrite must come with --static" in said
    said = refusal(capsys, "--static", tmp_path / "site", "--port", 0, "--host", "::1")
    assert said.endswith("serves nothing. Leave out: --host and --port.\n")
    assert not (tmp_path / "site").exists()
    assert "--port must be from 0 to 65535" in refusal(capsys, "--port", 65536)


def test_an_address_that_cannot_be_bound_is_told(capsys):
    assert "192.0.2.1:0 cannot be served on" in refusal(capsys, "--host", "192.0.2.1", "--port", 0)


@pytest.mark.process
def test_the_page_is_served_and_nothing_beside_it():
    with listening([sys.executable, "-m", "zoo", "playground", "--port", 0], PYTHONPATH=str(ROOT)) as (_, address):
        for file, kind in {"": "text/html", "shell/app.js": "text/javascript", "style.css": "text/css"}.items():
            with urllib.request.urlopen(f"{address}/{file}", timeout=30) as response:
                assert response.read() == (hosting.PAGE / (file or "index.html")).read_bytes()
                assert response.headers["Content-Type"].startswith(kind)
        for beside in ("../hosting.py", "%2e%2e/hosting.py"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{address}/{beside}", timeout=30)


def test_an_address_of_version_6_is_shown_in_brackets(capsys, monkeypatch):
    def stop(server):
        raise KeyboardInterrupt

    monkeypatch.setattr("http.server.ThreadingHTTPServer.serve_forever", stop)
    hosting.serve(host="::1", port=0)  # Ctrl-C is how it ends
    assert capsys.readouterr().out.startswith("serving on http://[::1]:")
