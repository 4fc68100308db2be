"""Where MicroPython comes from: fetched once, kept, and never believed without its hash."""

import hashlib

import httpx
import pytest

from gateway.provision.chips import Image as Release
from gateway.provision.flash.release import Releases
from gateway.provision.flash.trouble import BadImage, NoImage

CONTENT = b"micropython" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def release(sha256=DIGEST):
    return Release(
        version="1.29.0",
        url="https://micropython.org/resources/firmware/ESP32_GENERIC_C6-v1.29.0.bin",
        page="https://micropython.org/download/ESP32_GENERIC_C6/",
        sha256=sha256,
    )


class Web:
    """What the network gives, in turn: bytes, or an error."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def __call__(self, url):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_it_is_fetched_once_and_kept_for_the_next_board(tmp_path):
    releases = Releases(tmp_path / "cache", fetched_by=Web(CONTENT))
    assert releases.of(release()).content == CONTENT
    assert releases.of(release()).content == CONTENT
    assert releases.of(release()).vouched


def test_a_download_that_is_not_the_release_is_refused_and_not_kept(tmp_path):
    releases = Releases(tmp_path, fetched_by=Web(CONTENT[:-1], CONTENT))
    with pytest.raises(BadImage, match=r"What https://.* gave is not MicroPython 1\.29\.0"):
        releases.of(release())
    assert releases.of(release()).content == CONTENT


def test_a_kept_file_that_was_spoilt_is_fetched_again(tmp_path):
    releases = Releases(tmp_path, fetched_by=Web(CONTENT, CONTENT))
    releases.of(release())
    (tmp_path / release().file_name).write_bytes(b"nothing")
    assert releases.of(release()).content == CONTENT


def test_without_a_known_hash_the_first_download_is_what_later_ones_must_be(tmp_path):
    # Given a release for which nobody vouches, fetched once
    releases = Releases(tmp_path, fetched_by=Web(CONTENT, CONTENT + b"!"))
    first = releases.of(release(None))
    assert (first.sha256, first.vouched) == (DIGEST, False)
    # When the file is gone, and what is fetched then is another
    (tmp_path / release().file_name).unlink()
    with pytest.raises(BadImage, match=f"it should be {DIGEST[:12]}"):
        releases.of(release(None))


def test_no_network_is_one_sentence_with_the_way_by_a_stick(tmp_path):
    for error in (httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.DecodingError("x")):
        with pytest.raises(NoImage) as trouble:
            Releases(tmp_path, fetched_by=Web(error)).of(release())
        assert "bring it on a stick" in str(trouble.value)
        assert "--image and where it lies" in str(trouble.value)
        assert "https://micropython.org/download/ESP32_GENERIC_C6/" in str(trouble.value)


def test_a_file_from_a_stick_must_be_the_release_too(tmp_path):
    stick = tmp_path / "image.bin"
    stick.write_bytes(CONTENT)
    releases = Releases(tmp_path / "cache", fetched_by=Web())
    assert releases.from_file(stick, release()).content == CONTENT
    stick.write_bytes(CONTENT[:-1])
    with pytest.raises(BadImage, match=r"image\.bin is not MicroPython"):
        releases.from_file(stick, release())
    # But somebody may mean it.
    assert not releases.from_file(stick, release(), unpinned=True).vouched


def test_a_stick_that_is_not_in_is_told(tmp_path):
    with pytest.raises(NoImage, match="see that the stick is in"):
        Releases(tmp_path).from_file(tmp_path / "none.bin", release())


def test_a_stick_with_images_for_several_boards_is_named_as_a_folder(tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / release().file_name).write_bytes(CONTENT)
    (stick / "another.bin").write_bytes(b"for another chip")
    releases = Releases(tmp_path / "cache", fetched_by=Web())
    assert releases.from_file(stick, release()).content == CONTENT
    # Where it is not on the stick, the name that is missing is told.
    (stick / release().file_name).unlink()
    with pytest.raises(NoImage, match=r"stick/ESP32_GENERIC_C6-v1\.29\.0\.bin cannot be read"):
        releases.from_file(stick, release())


def test_what_was_brought_is_kept_and_the_next_board_needs_no_stick(tmp_path):
    stick = tmp_path / "image.bin"
    stick.write_bytes(CONTENT)
    releases = Releases(tmp_path / "cache", fetched_by=Web())
    releases.from_file(stick, release())
    stick.unlink()
    assert releases.of(release()).content == CONTENT


def test_the_first_that_was_brought_is_what_later_ones_must_be_where_nobody_vouches(tmp_path):
    stick = tmp_path / "image.bin"
    stick.write_bytes(CONTENT)
    releases = Releases(tmp_path / "cache", fetched_by=Web(CONTENT + b"!"))
    assert not releases.from_file(stick, release(None)).vouched
    # Then neither another file nor another download is taken for it.
    stick.write_bytes(CONTENT + b"!")
    with pytest.raises(BadImage, match=f"it should be {DIGEST[:12]}"):
        releases.from_file(stick, release(None))
    (tmp_path / "cache" / release().file_name).unlink()
    with pytest.raises(BadImage, match=f"it should be {DIGEST[:12]}"):
        releases.of(release(None))


def test_another_release_that_somebody_means_is_not_kept_for_others(tmp_path):
    stick = tmp_path / "image.bin"
    stick.write_bytes(b"another release")
    releases = Releases(tmp_path / "cache", fetched_by=Web(CONTENT))
    releases.from_file(stick, release(), unpinned=True)
    assert releases.of(release()).content == CONTENT
