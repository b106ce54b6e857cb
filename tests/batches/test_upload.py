"""Files over HTTP: previewed, uploaded, and reported back."""

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import httpx
import pytest
from sqlmodel import select

from outdial.models import Batch, Call
from outdial.vocabulary import CallStatus
from tests.api.serving import Api
from tests.batches.test_files import PRINTED

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RISKY = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", '=HYPERLINK("http://x")']


def sent(api: Api, path: str, text: str | bytes, **fields: str) -> httpx.Response:
    content = text.encode() if isinstance(text, str) else text
    return api.client.post(f"/v1/calls/batch{path}", files={"file": ("people.csv", content)}, data=fields)


def uploaded(api: Api, text: str, **fields: str) -> dict[str, Any]:
    response = sent(api, "/upload", text, agent_id=api.agent.id, **fields)
    assert response.status_code == 201, response.text
    return response.json()


def test_a_file_becomes_a_batch(enterprise: Api) -> None:
    """Rows are read, mapped and accepted; refused ones are named by line."""
    text = "Mobile;customer\n+12025550123;Ada\n12025550;Bob\n+12025550124;\n+12025550123;Eve\n"
    mapping = json.dumps({"phone": "Mobile", "variables": {"customer": "first_name"}})
    answer = uploaded(
        enterprise, text, mapping=mapping, name="April", concurrency="2", schedule_at="1714000000"
    )
    assert [(row["index"], row["phone"]) for row in answer["accepted"]] == [(0, "+12025550123")]
    assert [(row["line"], row["code"]) for row in answer["rejected"]] == [
        (3, "invalid"),
        (4, "missing_variables"),
        (5, "duplicate"),
    ]
    assert (answer["name"], answer["concurrency"], answer["schedule_at"]) == ("April", 2, 1714000000)


@pytest.mark.parametrize("path", ["/calls/batch/upload", "/outbound-jobs/upload", "/do-not-call/upload"])
def test_a_misspelt_field_is_refused(enterprise: Api, path: str) -> None:
    """As in JSON: a time that is not understood must not call anybody now."""
    fields = {"agent_id": enterprise.agent.id, "agentId": enterprise.agent.id, "shedule_at": "1893456000"}
    if path.startswith("/calls"):
        del fields["agentId"]
    elif path.startswith("/outbound-jobs"):
        del fields["agent_id"]
    files = {"file": ("people.csv", b"phone,first_name\n+12025550123,Ada\n")}
    answer = enterprise.client.post(f"/v1{path}", files=files, data=fields)
    assert answer.status_code == 422
    assert "shedule_at" in [error["field"] for error in answer.json()["errors"]]
    with enterprise.database.read() as session:
        assert session.exec(select(Call)).all() == []


def test_national_numbers_need_a_region(enterprise: Api) -> None:
    """With ``default_region`` they are read as people write them."""
    text = "phone,first_name\n098765 43210,Rahul\n"
    refused = sent(enterprise, "/upload", text, agent_id=enterprise.agent.id)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "line 2.phone")
    assert uploaded(enterprise, text, default_region="IN")["accepted"][0]["phone"] == "+919876543210"


def test_the_same_key_uploads_a_file_once(enterprise: Api) -> None:
    """The file is part of what was asked: another one under the same key is refused."""
    fields = {"agent_id": enterprise.agent.id}

    def send(text: str) -> httpx.Response:
        return enterprise.client.post(
            "/v1/calls/batch/upload",
            files={"file": ("people.csv", text.encode())},
            data=fields,
            headers={"Idempotency-Key": "file-1"},
        )

    first, again = (send("phone,first_name\n+12025550123,Ada\n") for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert send("phone,first_name\n+12025550124,Ada\n").json()["code"] == "idempotency_key_reused"


def test_a_preview_shows_what_an_upload_would_bring(enterprise: Api) -> None:
    """Encoding, headers, a guessed mapping, first rows, errors by line; nothing is stored."""
    text = PRINTED + "+919876543210,Again,1,2\nnonsense,Bad,1,2\n"
    seen = sent(enterprise, "/preview", text.encode("utf-16"), agent_id=enterprise.agent.id).json()
    assert (seen["encoding"], seen["delimiter"]) == ("utf-16", ",")
    assert seen["headers"] == ["phone", "name", "amount_due", "due_date"]
    assert seen["mapping"]["phone"] == "phone"
    assert seen["rows"][0] == {
        "phone": "+919876543210",
        "name": "Rahul Sharma",
        "amount_due": "₹2500",
        "due_date": "April 25",
    }
    assert (seen["total_rows"], seen["error_count"]) == (5, 5)
    assert {error["code"] for error in seen["errors"]} == {"missing_variables", "invalid"}
    checked = sent(enterprise, "/preview", text).json()
    assert [(error["line"], error["code"]) for error in checked["errors"]] == [
        (5, "duplicate"),
        (6, "invalid"),
    ]
    with enterprise.database.read() as session:
        assert session.exec(select(Batch)).all() == []


def test_faults_of_the_form_are_named(enterprise: Api) -> None:
    """Fields of the form are checked as those of a JSON body are."""
    text = "phone,first_name\n+12025550123,Ada\n"
    bad = sent(enterprise, "/upload", text, agent_id=enterprise.agent.id, window='{"start": "9"}')
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["field"].startswith("window")
    broken = sent(enterprise, "/upload", text, agent_id=enterprise.agent.id, mapping="{")
    assert broken.status_code == 422
    missing = sent(enterprise, "/upload", text)
    assert missing.json()["errors"][0]["field"] == "agent_id"


def test_a_files_people_join_a_batch(enterprise: Api) -> None:
    """Recipients are appended from a file too."""
    batch = uploaded(enterprise, "phone,first_name\n+12025550123,Ada\n")
    answer = sent(enterprise, f"/{batch['id']}/recipients/upload", "phone,first_name\n+12025550124,Bob\n")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["total"], answer.json()["accepted_count"]) == (2, 1)


def test_a_body_that_is_too_large_is_refused(lists_are_short: Api) -> None:
    """Lists and files have limits of their own, above those of other bodies."""
    api = lists_are_short
    row = {"phone": "+12025550123", "variables": {"first_name": "x" * 60_000}}
    body = {"agent_id": api.agent.id, "recipients": [row] * 5}
    assert api.client.post("/v1/calls/batch", json=body).status_code == 413
    assert sent(api, "/preview", "phone\n" + "+12025550123\n" * 40_000).status_code == 413
    assert sent(api, "/preview", "phone\n" + "+12025550123\n" * 20_000).status_code == 200


def reported(api: Api, batch: dict[str, Any], kind: str = "csv", **query: str) -> bytes:
    response = api.client.get(f"/v1/calls/batch/{batch['id']}/report.{kind}", params=query)
    assert response.status_code == 200
    return response.content


def with_risky_cells(api: Api) -> dict[str, Any]:
    """A batch whose texts all look like formulas."""
    body: dict[str, Any] = {
        "agent_id": api.agent.id,
        "recipients": [
            {
                "phone": f"+1202555{each:04d}",
                "variables": {"first_name": "Ada", "note": text},
                "external_id": text,
            }
            for each, text in enumerate(RISKY)
        ],
    }
    body["recipients"].append({"phone": "=bad", "variables": {"first_name": "Bo", "note": "=1"}})
    answer = api.client.post("/v1/calls/batch", json=body).json()
    with api.database.write() as session:
        call = session.get_one(Call, answer["accepted"][0]["call_id"])
        call.status, call.outcome, call.attempts_made = CallStatus.COMPLETED, "BOOKED", 2
        call.summary = "=cmd|' /C calc'!A0"
        session.add(call)
    return answer


def test_no_cell_of_the_csv_report_is_a_formula(enterprise: Api) -> None:
    """Every recipient is there with every variable; what a spreadsheet would execute has an apostrophe."""
    rows = list(csv.DictReader(io.StringIO(reported(enterprise, with_risky_cells(enterprise)).decode())))
    assert [row["note"] for row in rows[:-1]] == [f"'{text}" for text in RISKY]
    assert [row["phone"] for row in rows] == [f"'+1202555{each:04d}" for each in range(len(RISKY))] + [
        "'=bad"
    ]
    assert (rows[0]["outcome"], rows[0]["attempts"], rows[0]["summary"]) == (
        "BOOKED",
        "2",
        "'=cmd|' /C calc'!A0",
    )
    assert (rows[-1]["status"], rows[-1]["end_reason"]) == ("rejected", "invalid")
    assert (rows[-1]["first_name"], rows[-1]["note"]) == ("Bo", "'=1")
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_csv_report_begins_with_a_byte_order_mark_if_asked(enterprise: Api) -> None:
    """Old spreadsheets know UTF-8 by it."""
    batch = with_risky_cells(enterprise)
    assert reported(enterprise, batch, bom="true").startswith(b"\xef\xbb\xbfrow")
    assert reported(enterprise, batch).startswith(b"row")


def cells_of(workbook: bytes) -> tuple[dict[str, str], set[str | None], int]:
    """The first sheet's cells by place as they are written, the types of texts, and how many are formulas."""
    with ZipFile(io.BytesIO(workbook)) as parts:
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    texts = {cell.attrib["r"]: "".join(cell.itertext()) for cell in sheet.iter(f"{SHEET}c")}
    kinds = {cell.attrib.get("t") for cell in sheet.iter(f"{SHEET}c") if cell.find(f"{SHEET}is") is not None}
    return texts, kinds, len(list(sheet.iter(f"{SHEET}f")))


def test_text_in_the_workbook_is_text(enterprise: Api) -> None:
    """Cells hold the texts as they are, typed as text; none is a formula."""
    cells, kinds, formulas = cells_of(reported(enterprise, with_risky_cells(enterprise), "xlsx"))
    note = next(place[0] for place, text in cells.items() if text == "note")
    found = [cells[f"{note}{row}"] for row in range(2, len(RISKY) + 2)]
    assert [text.replace("_x000D_", "\r") for text in found] == RISKY
    assert cells["C2"] == "+12025550000"
    assert (kinds, formulas) == ({"inlineStr"}, 0)
