import errno

import pytest

from zoo.artifacts import folders


def write(target, text, error=None):
    with folders.writable(target) as beside:
        (beside / "file").write_text(text)
        if error is not None:
            raise error
        folders.replace(beside, target)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_written_beside_and_renamed_over_the_old_one(tmp_path):
    write(tmp_path / "made" / "x", "one")
    write(tmp_path / "made" / "x", "two")
    assert (tmp_path / "made" / "x" / "file").read_text() == "two"
    assert names(tmp_path / "made") == ["x"]


def test_an_empty_folder_is_free_to_be_written(tmp_path):
    (tmp_path / "x").mkdir()
    folders.check_free(tmp_path / "x")
    with folders.writable(tmp_path / "x") as beside:
        (beside / "file").write_text("one")
        folders.place(beside, tmp_path / "x")
    assert names(tmp_path / "x") == ["file"]


def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path):
    write(tmp_path / "x", "one")
    with pytest.raises(KeyError):
        write(tmp_path / "x", "two", KeyError("k"))
    assert (tmp_path / "x" / "file").read_text() == "one"
    assert names(tmp_path) == ["x"]


def test_a_failure_leaves_no_folder_that_it_made(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(KeyError):
        write(tmp_path / "there" / "a" / "b" / "x", "text", KeyError("k"))
    assert names(tmp_path) == ["there"] and names(tmp_path / "there") == []


def test_a_failure_leaves_what_others_wrote_meanwhile(tmp_path):
    with pytest.raises(KeyError), folders.writable(tmp_path / "made" / "x"):
        write(tmp_path / "made" / "y", "other")
        raise KeyError("k")
    assert names(tmp_path / "made") == ["y"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("part-00000-of-00001.tempstate; No space left on device"),  # as TensorFlow says it
        OSError("Can't synchronously write data (file write failed: errno = 28, error message = ...)"),  # as HDF5 does
        OSError(errno.EFBIG, "File too large"),
    ],
    ids=["space", "quota", "tensorflow", "hdf5", "limit"],
)
def test_no_space_is_said_and_leaves_nothing(tmp_path, error):
    with pytest.raises(OSError, match=r"There is no space to write .*Free some") as caught:
        write(tmp_path / "x", "text", error)
    assert caught.value.errno == errno.ENOSPC
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_no_permission_is_said_and_leaves_nothing(tmp_path, number):
    with pytest.raises(PermissionError, match=r"may not be written. Choose another folder"):
        write(tmp_path / "x", "text", OSError(number, "denied"))
    assert names(tmp_path) == []


def test_a_file_where_a_folder_must_be_is_an_error(tmp_path):
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path / "file" / "x", tmp_path / "file" / "y" / "x"):
        with pytest.raises(NotADirectoryError, match=r"must be a folder. Received: a file"):
            write(target, "text")
    assert (tmp_path / "file").read_text() == "mine"


def test_after_a_crash_between_two_renames_the_old_folder_is_found_until_a_new_one_stands(tmp_path):
    write(tmp_path / "x", "one")
    (tmp_path / "x").rename(tmp_path / ".x.old")
    assert folders.existing(tmp_path / "x") == tmp_path / ".x.old"
    write(tmp_path / "x", "two")
    assert folders.existing(tmp_path / "x") == tmp_path / "x"
    assert names(tmp_path) == ["x"]


def test_a_file_or_a_link_is_replaced_again_and_again_and_leaves_nothing(tmp_path):
    write(tmp_path / "real", "kept")
    (tmp_path / "file").write_text("mine")
    for name, to in (("link", "real"), ("dangling", "nowhere")):
        (tmp_path / name).symlink_to(to)
    for name in ("file", "link", "dangling"):
        for text in ("one", "two"):
            with folders.writable(tmp_path / name) as beside:
                (beside / "file").write_text(text)
                folders.replace(beside, tmp_path / name)
        assert (tmp_path / name / "file").read_text() == "two"
    assert names(tmp_path) == ["dangling", "file", "link", "real"]
    assert (tmp_path / "real" / "file").read_text() == "kept"


def test_versions_are_folders_named_as_numbers_are_written(tmp_path):
    for name in ("10", "9", "0", "01", "²", "٣", "x", ".1.old"):
        (tmp_path / name).mkdir()
    (tmp_path / "2").write_text("a file")
    assert folders.versions(tmp_path) == [9, 10]


def test_a_rename_that_fails_puts_the_old_folder_back(tmp_path):
    write(tmp_path / "x", "one")
    with pytest.raises(FileNotFoundError):
        folders.replace(tmp_path / "absent", tmp_path / "x")
    assert (tmp_path / "x" / "file").read_text() == "one"
