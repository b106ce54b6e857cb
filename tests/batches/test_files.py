"""Recipients out of files of every common kind."""

import io

import pytest

from outdial.batches.files import RecipientFile
from outdial.batches.mapping import ColumnMapping
from outdial.batches.request import Recipient
from outdial.errors import Invalid

PRINTED = """phone,name,amount_due,due_date
+919876543210,Rahul Sharma,₹2500,April 25
+919876543211,Priya Patel,₹1800,April 26
+919876543212,Amit Kumar,₹3200,April 27
"""
ACCENTED = "Telefon;Name;Ort\n+493012345678;Jürgen Müßig;Köln\n+493012345679;Zoë Strauß;Gräfelfing\n"


def opened(text: str, written: str = "utf-8", **given: str) -> RecipientFile:
    return RecipientFile(io.BytesIO(text.encode(written)), **given)


def recipients(file: RecipientFile, mapping: ColumnMapping | None = None) -> list[Recipient]:
    return list(file.recipients(file.mapping(mapping)))


def test_the_published_file_is_read_as_printed() -> None:
    """Its phone column is found, and every other column is a variable."""
    file = opened(PRINTED)
    first = recipients(file)[0]
    assert (first.phone, first.line) == ("+919876543210", 2)
    assert first.variables == {"name": "Rahul Sharma", "amount_due": "₹2500", "due_date": "April 25"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_recognised(encoding: str) -> None:
    """With and without a byte order mark, the same text is read."""
    assert recipients(opened(PRINTED, encoding)) == recipients(opened(PRINTED))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_older_encodings_are_recognised(encoding: str) -> None:
    """A file that is not Unicode is read with its umlauts."""
    names = [recipient.variables["Name"] for recipient in recipients(opened(ACCENTED, encoding))]
    assert names == ["Jürgen Müßig", "Zoë Strauß"]


@pytest.mark.parametrize(
    "name", ["Hélène Lefèvre", "João Gonçalves", "Íñigo Peña", "Bjørn Åkesson", "Nicolò Forlì"]
)
def test_latin_1_is_taken_for_nothing_else(name: str) -> None:
    """Its letters are letters of other old encodings too, where they mean others."""
    assert recipients(opened(f"phone;name\n+33612345678;{name}\n", "latin-1"))[0].variables["name"] == name


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["Łukasz Wałęsa", "Zażółć Gęślą"], "cp1250"),
        (["Dvořák Jiří, Plzeň", "Šárka Nováková, Třebíč"], "cp1250"),
        (["Иван Петров", "Ольга Сидорова"], "cp1251"),
        (["Γιώργος Παπαδόπουλος", "Ελένη Ζωγράφου"], "cp1253"),
    ],
)
def test_other_old_encodings_are_recognised_by_their_letters(names: list[str], encoding: str) -> None:
    """Where the text makes sense in one of them only."""
    rows = "".join(f"+4822123456{at};{name}\n" for at, name in enumerate(names))
    found = recipients(opened("phone;name\n" + rows, encoding))
    assert [row.variables["name"] for row in found] == names


def test_latin_1_is_recognised_from_its_end() -> None:
    """Letters beyond ASCII that come late in a long file are found too."""
    plain = "".join(f"+4930{each:08d};Anna;Bonn\n" for each in range(10_000))
    last = recipients(
        opened(ACCENTED.splitlines()[0] + "\n" + plain + "+493099999999;Jürgen;Köln\n", "latin-1")
    )[-1]
    assert last.variables == {"Name": "Jürgen", "Ort": "Köln"}


def test_a_given_encoding_decides() -> None:
    """Whoever knows better says so; a name that is none is refused."""
    file = opened("phone,name\n+12025550123,Ђорђе\n", "cp1251", encoding="cp1251")
    assert recipients(file)[0].variables == {"name": "Ђорђе"}
    with pytest.raises(Invalid, match="no encoding 'klingon'"):
        opened(PRINTED, encoding="klingon")
    with pytest.raises(Invalid, match="no encoding of text"):
        opened(PRINTED, encoding="base64")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised(delimiter: str) -> None:
    """Whatever separates the columns, the rows are the same."""
    text = "phone,name,city\n+12025550123,Ada,London\n".replace(",", delimiter)
    assert recipients(opened(text))[0].variables == {"name": "Ada", "city": "London"}


def test_a_file_of_numbers_alone_is_read() -> None:
    """One column needs no delimiter."""
    assert [each.phone for each in recipients(opened("phone\n+12025550123\n+12025550124\n"))] == [
        "+12025550123",
        "+12025550124",
    ]


def test_quoted_cells_hold_delimiters_quotes_and_lines() -> None:
    """Lines are counted as an editor shows them, also behind a cell of several lines."""
    text = 'phone,note\r\n+12025550123,"says ""hi"",\r\ntwice"\r\n+12025550124,plain\r\n'
    first, second = recipients(opened(text))
    assert first.variables == {"note": 'says "hi",\r\ntwice'}
    assert (first.line, second.line) == (2, 4)


def test_empty_lines_and_empty_cells_do_not_count() -> None:
    """A blank line is no row, and an empty cell is a variable that was not given."""
    found = recipients(opened("phone,name\n\n+12025550123,\n,,\n"))
    assert [(each.phone, each.variables, each.line) for each in found] == [("+12025550123", {}, 3)]


def test_a_row_with_too_many_cells_is_an_error_of_its_line() -> None:
    """The other rows are read."""
    found = recipients(opened("phone,name\n+12025550123,Ada,more\n+12025550124,Bob\n"))
    assert [(each.line, each.error and each.error.code) for each in found] == [(2, "malformed"), (3, None)]


def test_columns_are_mapped() -> None:
    """Only what the mapping names is taken, under the names that it gives."""
    mapping = ColumnMapping(phone="Mobile", external_id="CRM", variables={"customer_name": "name"})
    text = "CRM,customer_name,Mobile,secret\n7,Ada,+12025550123,x\n"
    found = recipients(opened(text), mapping)
    assert found == [Recipient("+12025550123", {"name": "Ada"}, "7", line=2)]


@pytest.mark.parametrize(
    "header", ["Phone", "phone_number", "Mobile No", "Telephone", "recipient_phone", "tel"]
)
def test_the_phone_column_is_guessed_by_its_name(header: str) -> None:
    """Common names are known."""
    mapping = opened(f"name,{header}\nAda,+12025550123\n").guess()
    assert mapping is not None
    assert (mapping.phone, mapping.variables) == (header, {"name": "name"})


def test_the_phone_column_is_guessed_by_what_is_in_it() -> None:
    """A column that is full of numbers is it, whatever it is called."""
    mapping = opened("who,where to\nAda,+12025550123\nBob,+12025550124\n").guess()
    assert mapping is not None
    assert mapping.phone == "where to"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("phone,name,name\n1,2,3\n", "more than once"),
        ("+12025550123,Ada\n+12025550124,Bob\n", "names of the columns"),
        ("(202) 555-0123\n(202) 555-0124\n", "names of the columns"),
        ("a,b\nx,y\n", "Which column is the number"),
        (bytes(range(256)).decode("latin-1") * 10, "no text"),
    ],
)
def test_files_that_make_no_sense_are_refused(text: str, said: str) -> None:
    """With a sentence that says why."""
    with pytest.raises(Invalid, match=said):
        recipients(opened(text))


def test_an_endless_quote_is_refused_with_its_line() -> None:
    """A quote that is never closed does not swallow the rest of a large file silently."""
    rows = "".join(f"+1202555{each:04d},Ada\n" for each in range(10_000))
    with pytest.raises(Invalid, match="Line 2 and what follows"):
        recipients(opened('phone,name\n+12025550123,"Ada\n' + rows))


def test_a_mapping_of_columns_that_are_not_there_is_refused() -> None:
    """The answer names the columns that there are."""
    with pytest.raises(Invalid, match=r"no column 'Mobile'; it has: phone, name"):
        recipients(opened("phone,name\n+12025550123,Ada\n"), ColumnMapping(phone="Mobile"))


def test_an_apostrophe_before_a_number_is_a_spreadsheets() -> None:
    """A report that was downloaded can be uploaded again."""
    assert recipients(opened("phone\n'+12025550123\n"))[0].phone == "+12025550123"


def test_rows_are_not_held() -> None:
    """The file is read as it is asked for."""

    text = "phone,name\n" + "+12025550123,Ada\n" * 200_000
    source = io.BytesIO(text.encode())
    found = RecipientFile(source).recipients(ColumnMapping(phone="phone", variables={}))
    next(found)
    assert source.tell() < len(text) / 10
