"""In which encoding and with which delimiter a file of recipients is written."""

import codecs
import csv
from typing import BinaryIO

from charset_normalizer import from_bytes

from outdial.errors import Invalid

SAMPLE_BYTES = 65_536
DELIMITERS = ",;\t|"
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What spreadsheets write where they do not write Unicode. The first is Latin-1 and a few signs more; it is
# what a file is in whose letters tell nothing else.
_LEGACY = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254"]


def find_encoding(file: BinaryIO, given: str | None = None) -> str:
    """The name of the file's encoding; ``given`` decides where it is given.

    Raises Invalid for a name that Python does not know, and for a file that is no text.
    """
    if given is not None:
        return _known(given)
    file.seek(0)
    sample = file.read(SAMPLE_BYTES)
    for bom, name in _BOMS.items():
        if sample.startswith(bom):
            return name
    if b"\0" in sample:
        return _without_bom(sample)
    return "utf-8" if _is_utf8(file) else _legacy(file)


def find_delimiter(text: str) -> str:
    """What separates the columns of a file that begins with ``text``; a comma where nothing does."""
    header = next(iter(text.splitlines()), "")
    try:
        return csv.Sniffer().sniff(header, DELIMITERS).delimiter
    except csv.Error:
        return max(DELIMITERS, key=header.count) if any(sign in header for sign in DELIMITERS) else ","


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except LookupError:
        raise Invalid(f"There is no encoding {name!r}; examples: utf-8, latin-1.", field="encoding") from None
    if not found._is_text_encoding:  # pyright: ignore[reportPrivateUsage] (codecs has no other way to tell)
        raise Invalid(f"{name!r} is no encoding of text.", field="encoding")
    return "utf-8-sig" if found.name == "utf-8" else found.name


def _without_bom(sample: bytes) -> str:
    # Text in a European language has its zeros on one side of each pair.
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) / 8 or min(even, odd) > max(even, odd) / 10:
        raise Invalid("The file is no text; expected CSV.", field="file")
    return "utf-16-be" if even > odd else "utf-16-le"


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while block := file.read(1 << 20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _legacy(file: BinaryIO) -> str:
    """Which of the old one-byte encodings, guessed from lines that have more than ASCII."""
    file.seek(0)
    telling, size = list[bytes](), 0
    for line in file:
        if not line.isascii():
            telling.append(line)
            size += len(line)
        if size > SAMPLE_BYTES:
            break
    sample = b"".join(telling)
    return min(_LEGACY, key=lambda name: _unlikeliness(sample, name))


def _unlikeliness(sample: bytes, encoding: str) -> tuple[float, float]:
    """How little the sample looks like text of a language, read in this encoding."""
    # Asked one by one: together, the library leaves out those that are like one it has tried.
    read = from_bytes(sample, cp_isolation=[encoding]).best()
    return (read.chaos, -read.coherence) if read is not None else (1, 0)
