"""Prices: the table of the package, files in its place, and getting current ones from recorded documents."""

from __future__ import annotations

import json
from datetime import date, timedelta
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber
from command import CLEAN, Run, put

from sfn2airflow.commands import prices
from sfn_airflow_core.compare.prices import ITEMS, PriceError, as_json, packaged, read_prices, stale
from sfn_airflow_core.compare.refresh import OFFERS, api_documents, public_documents, table

COMPARE = Path(__file__).parent.parent / "fixtures" / "compare"


def offer(address: str) -> bytes:
    """The recorded document behind an address of the public price list."""
    assert address.endswith("/current/eu-west-1/index.json")
    name = next(code for code in OFFERS if f"/{code}/" in address)
    return (COMPARE / f"offer_{name}.json").read_bytes()


def test_every_row_of_the_package_has_a_source_and_a_date():
    rows = packaged().rows
    assert packaged().regions() == ("sa-east-1", "us-east-1", "us-west-2")
    west = {row.item: row for row in packaged().region("us-west-2").values()}
    assert {item for item, row in west.items() if row.basis != "listed"} == {
        "mwaa.worker.xlarge",
        "mwaa.worker.2xlarge",
    }
    assert all(row.source and row.as_of <= date(2026, 12, 31) and row.unit == ITEMS[row.item] for row in rows)
    assert read_prices(as_json(packaged()), "again").rows == rows


def test_prices_are_old_after_180_days():
    row = packaged().rows[0]
    assert stale([row], row.as_of + timedelta(days=180)) == ""
    assert "181 days old" in stale([row], row.as_of + timedelta(days=181))


def test_old_prices_are_warned_about_on_the_command_line(call: Run):
    put("m.json", CLEAN)
    value = as_json(packaged())
    value["rows"] = [{**row, "as_of": "2020-01-01"} for row in value["rows"]]
    put("old.json", value)
    code, out, err = call("compare", "m.json", "--prices", "old.json")
    assert code == 0
    assert "warning: the prices are up to" in err
    assert "as of 2020-01-01" in out


def test_show_gives_a_table_that_can_be_given_back(call: Run):
    code, out, _ = call("prices", "show", "--region", "us-west-2", "--format", "json")
    assert code == 0
    put("mine.json", out)
    put("m.json", CLEAN)
    code, out, _ = call("compare", "m.json", "--prices", "mine.json", "--region", "us-west-2", "--format", "json")
    assert code == 0
    assert json.loads(out)["region"] == "us-west-2"


def test_a_report_says_what_its_prices_rest_on(call: Run):
    put("m.json", CLEAN)
    code, out, _ = call("compare", "m.json")
    assert code == 0
    assert "(4 taken over from another region, 2 estimated: 'prices show' says which)" in " ".join(out.split())
    code, out, _ = call("compare", "m.json", "--format", "json")
    assert code == 0
    basis = {row["item"]: row["basis"] for row in json.loads(out)["prices"]}
    assert basis.keys() == ITEMS.keys()
    assert (basis["sfn.transition"], basis["mwaa.environment.micro"]) == ("listed", "inferred")


def test_a_basis_that_does_not_exist_is_refused():
    value = as_json(packaged())
    value["rows"][0]["basis"] = "guessed"
    with pytest.raises(PriceError, match="'basis' must be one of listed, published, inferred, estimate, not 'guessed'"):
        read_prices(value, "mine")


def test_show_names_source_and_date_of_every_row(call: Run):
    code, out, _ = call("prices", "show", "--region", "us-east-1")
    assert code == 0
    assert out.count("2026-0") >= len(ITEMS)
    assert "estimate" in out
    assert "inferred: read for another region" in " ".join(out.split())
    code, _, err = call("prices", "show", "--region", "mars-1")
    assert code == 2
    assert "no prices for region 'mars-1'" in err


def test_no_name_of_an_item_is_broken_in_a_narrow_terminal(call: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prices, "columns", lambda: 80)
    code, out, _ = call("prices", "show", "--region", "us-east-1")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert all(item in out for item in ITEMS)


def test_refresh_reads_the_public_offer_files(call: Run, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr(prices, "fetch", lambda address: (asked.append(address), offer(address))[1])
    code, _, err = call("prices", "refresh", "--region", "eu-west-1", "-o", "eu.json")
    assert code == 0, err
    assert len(asked) == 2
    rows = {row["item"]: row for row in json.loads(Path("eu.json").read_text())["rows"]}
    assert rows.keys() == ITEMS.keys()
    assert rows["sfn.transition"]["price"] == "0.000025"
    assert [rows[f"sfn.express.gb-second.{n}"]["price"] for n in (1, 2, 3)] == [
        "0.00001667",
        "0.00000833",
        "0.00000456",
    ]
    assert (rows["mwaa.environment.2xlarge"]["price"], rows["mwaa.worker.large"]["price"]) == ("4.2", "0.24")
    assert (rows["mwaa.worker.2xlarge"]["price"], rows["mwaa.worker.2xlarge"]["basis"]) == ("0.96", "estimate")
    assert {row["as_of"] for row in rows.values()} == {"2026-11-01"}
    put("m.json", CLEAN)
    code, out, _ = call("compare", "m.json", "--prices", "eu.json", "--region", "eu-west-1")
    assert code == 0
    assert "prices of eu-west-1 as of 2026-11-01" in out


def test_refresh_reads_the_price_list_api(monkeypatch: pytest.MonkeyPatch):
    client = boto3.client("pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        for code in OFFERS:
            document = json.loads((COMPARE / f"offer_{code}.json").read_text())
            stub.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": entries(document)})
        found = table(api_documents("eu-west-1", client), "eu-west-1", "api")
        stub.assert_no_pending_responses()
    assert found.rows == table(public_documents("eu-west-1", offer), "eu-west-1", "api").rows


def entries(document: Any) -> list[str]:
    """An offer file as GetProducts gives it: JSON text per product."""
    terms = document["terms"]["OnDemand"]
    return [
        json.dumps({"product": product, "terms": {"OnDemand": terms[sku]}, "publicationDate": "2026-11-01T00:00:00Z"})
        for sku, product in document["products"].items()
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>", "not a price list"),
        (b"[]", "not an offer file"),
        (b'{"publicationDate": "2026-11-01", "products": {}, "terms": {"OnDemand": {}}}', "no price for"),
    ],
    ids=["html", "list", "nothing in it"],
)
def test_what_is_no_price_list_is_refused(data: bytes, message: str):
    with pytest.raises(PriceError, match=message):
        table(public_documents("eu-west-1", lambda _: data), "eu-west-1", "test")


SHAPE = {
    # AWS Billing User Guide, "Reading the service price list file for an AWS service"
    "file": {"formatVersion", "disclaimer", "offerCode", "version", "publicationDate", "products", "terms"},
    "product": {"sku", "attributes"},
    "attributes": {"servicecode", "servicename", "location", "locationType", "regionCode", "usagetype", "operation"},
    "offer": {"offerTermCode", "sku", "effectiveDate", "priceDimensions", "termAttributes"},
    "dimension": {"rateCode", "description", "beginRange", "endRange", "unit", "pricePerUnit", "appliesTo"},
}


@pytest.mark.parametrize("code", OFFERS)
def test_the_recorded_documents_have_the_form_of_public_ones(code: str):
    document = json.loads((COMPARE / f"offer_{code}.json").read_text())
    assert SHAPE["file"] <= document.keys()
    assert document["offerCode"] == code
    for sku, product in document["products"].items():
        assert SHAPE["product"] <= product.keys()
        assert SHAPE["attributes"] <= product["attributes"].keys()
        for name, offer_ in document["terms"]["OnDemand"][sku].items():
            assert name == f"{sku}.{offer_['offerTermCode']}"
            assert SHAPE["offer"] <= offer_.keys()
            for rate, dimension in offer_["priceDimensions"].items():
                assert rate == dimension["rateCode"]
                assert rate.startswith(f"{name}.")
                assert dimension.keys() == SHAPE["dimension"]
                assert len(dimension["pricePerUnit"]["USD"].partition(".")[2]) == 10


def test_no_network_gets_one_clear_message(call: Run, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: Any, **__: Any) -> None:
        raise URLError(OSError("Name or service not known"))

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    code, out, err = call("prices", "refresh", "--region", "eu-west-1", "-o", "x.json")
    assert (code, out) == (2, "")
    assert err.count("https://") == 1
    assert "Name or service not known; this command needs the network" in err
    assert not Path("x.json").exists()


def test_a_region_that_the_list_does_not_have_gets_one_clear_message(call: Run, monkeypatch: pytest.MonkeyPatch):
    def refuse(address: str, **_: Any) -> None:
        raise HTTPError(address, 403, "Forbidden", Message(), None)

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    code, _, err = call("prices", "refresh", "--region", "mr-west-1", "-o", "x.json")
    assert code == 2
    assert "403 Forbidden; does AWS have this region?" in err


def test_the_price_list_api_without_credentials_gets_one_clear_message(call: Run, monkeypatch: pytest.MonkeyPatch):
    def refuse() -> Any:
        raise NoCredentialsError

    monkeypatch.setattr(prices, "client", refuse)
    code, _, err = call("prices", "refresh", "--region", "eu-west-1", "--source", "boto3", "-o", "x.json")
    assert code == 2
    assert "AWS Price List API: Unable to locate credentials" in err
    assert "bug" not in err


@pytest.mark.parametrize("region", ["eu-west-1", "ap-northeast-1"])
def test_a_region_without_all_its_prices_gets_one_clear_message(call: Run, region: str):
    put("m.json", CLEAN)
    code, out, err = call("compare", "m.json", "--region", region)
    assert (code, out) == (2, "")
    assert "Regions with every price: sa-east-1, us-east-1, us-west-2" in err
    assert f"prices refresh --region {region} -o FILE" in err
    assert max(map(len, err.splitlines())) < 400


def test_a_region_is_never_more_than_a_name(call: Run):
    code, _, err = call("prices", "refresh", "--region", "../../x", "-o", "x.json")
    assert code == 2
    assert "not the name of a region" in err
    assert not Path("x.json").exists()


def test_comparing_uses_no_network(call: Run, monkeypatch: pytest.MonkeyPatch):
    import socket

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    put("m.json", CLEAN)
    assert call("compare", "m.json")[0] == 0
    assert call("prices", "show")[0] == 0
