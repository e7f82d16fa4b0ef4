"""What is kept of a failed run's output, and what is held: for programs, and on the page."""

import subprocess

from selenium.webdriver.common.by import By

from Support.browser import complaints, picture, shows
from Support.control import checked
from Support.eventually import eventually
from Support.output import KEPT

HOSTILE = b"\x1b]0;owned\x07\x1b[2Jred\r\nback\rward \xe2\x80\xae reversed\n\ttab\n<script>document.title='owned'</script><b>\n"


def fails(fleet, output=b"broken\n", *options, lockname="a"):
    path = fleet.write("said", output)
    run = fleet.run("--lockname", lockname, *(options or KEPT), "--", "sh", "-c", f"cat {path}; exit 3", stdout=subprocess.DEVNULL)
    assert run.code == 3, run.err


def kept(web, name="a"):
    eventually(lambda: web.get(f"/api/jobs/{name}/output").status == 200)
    return web.json(f"/api/jobs/{name}/output")


def test_it_is_the_tools_own(web, fleet, ctl):
    for output in (b"broken\n", HOSTILE, b"\xff\xfe\x00"):
        fails(fleet, output)
        eventually(lambda output=output: kept(web)["written"] == len(output))
        assert kept(web) == ctl.json("output", "a")
        checked(web.get("/api/jobs/a/output").text, "output")


def test_it_says_how_many_runs_came_since(web, fleet, ctl):
    fails(fleet)
    for _ in range(2):
        assert fleet.run("--lockname", "a", "--", "true").code == 0
    eventually(lambda: web.get("/api/jobs/a").status == 200 and len(web.json("/api/jobs/a")["history"]["runs"]) == 3)
    assert kept(web)["newer_runs"] == 2 and kept(web) == ctl.json("output", "a")


def test_there_may_be_none(web, fleet):
    fleet.run("--lockname", "output", "--", "false")
    eventually(lambda: web.get("/api/jobs/output").status == 200)
    for name in ("output", "nobody", "%2Fetc%2Fpasswd", "."):
        assert "no output of it is kept" in web.json(f"/api/jobs/{name}/output", 404)["error"]
    assert web.get("/api/jobs/%ff/output").status == 400


def test_what_is_no_output_of_a_run_is_not_shown(web, fleet):
    fleet.client.ensure_path(fleet.path("outputs"))
    header = b'{"host":"h","outcome":"ran"}\n'
    for name, data in (("other", b"no header"), ("long", header + b"x" * 900_000)):
        fleet.client.create(fleet.path("outputs", name), data)
        assert "not the output of a run" in web.json(f"/api/jobs/{name}/output", 503)["error"]


def test_a_jobs_page_shows_it_as_text(browser, web, fleet):
    fails(fleet, HOSTILE)
    browser.get(f"{web.url}#job=a")
    shows(browser, "Output of the last failed run")
    text = browser.find_element(By.ID, "output").get_attribute("textContent")
    assert text == "?]0;owned??[2Jred\nback?ward ? reversed\n\ttab\n<script>document.title='owned'</script><b>\n"
    assert not browser.find_elements(By.CSS_SELECTOR, "pre *")
    shows(browser, ": ran, code 3, ended ")
    picture(browser, "output")
    # The page follows: the next failure's takes its place, without a word of the reader's.
    fails(fleet, b"anew \xff\n", "--keep-output", "4k")
    eventually(lambda: browser.find_element(By.ID, "output").get_attribute("textContent") == "anew \ufffd\n")
    assert "owned" not in browser.title and not complaints(browser)


def test_a_job_without_output_shows_none(browser, web, fleet):
    fleet.run("--lockname", "a", "--", "true")
    browser.get(f"{web.url}#job=a")
    shows(browser, "It has last succeeded on")
    assert not browser.find_element(By.ID, "output-part").is_displayed()


def test_a_hold_is_shown_and_goes(browser, web, fleet, ctl):
    fleet.resources("db", totals={"db": 4})
    assert ctl("resources", "hold", "db", "--for", "1h", "--why", "<b>repair</b>").code == 0
    browser.get(web.url)
    shows(browser, "db is held until ")
    shows(browser, ": <b>repair</b>: no permits of it are given out")
    item = browser.find_element(By.CSS_SELECTOR, "#resources li")
    assert "0 of 4 permits taken, held: no permits are given out" in item.text
    picture(browser, "held")
    assert ctl("resources", "release", "db").code == 0
    eventually(lambda: "held" not in browser.find_element(By.TAG_NAME, "main").text)
