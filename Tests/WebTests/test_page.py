"""The page in a real browser: Debian's Chromium, without a window."""

import json
import time

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from Support.browser import body, complaints, picture, shows
from Support.crowd import crowd
from Support.eventually import eventually

MARKUP = '<img src=x onerror="document.title=`owned`"><script>alert(1)<'
RUN = {"host": "web1.example.org", "held_ms": 61000, "token": 7}


def hours_ago(hours):
    return int(time.time() * 1000) - 3_600_000 * hours + 600_000


def record(fleet, lockname, *runs, **more):
    path = fleet.path("jobs", lockname)
    fleet.client.ensure_path(fleet.path("jobs"))
    value = {"state": "ended", "session": "1", "n": 1, "term": 30, "host": "web1.example.org", "pid": 1,
             "runs": [{**RUN, "started": hours_ago(len(runs) - index), **run} for index, run in enumerate(runs)], **more}
    fleet.client.create(path, json.dumps(value).encode())


def held(fleet, lockname, waiters=0):
    client = fleet.client
    for folder in ("locks", "waiters"):
        client.ensure_path(fleet.path(folder))
    client.create(fleet.path("locks", lockname), b"db1.example.org 4711", ephemeral=True)
    client.ensure_path(fleet.path("waiters", lockname))
    for _ in range(waiters):
        client.create(fleet.path("waiters", lockname, f"{lockname}-"), b"web2.example.org 12", ephemeral=True, sequence=True)


def busy(fleet):
    good, bad = {"outcome": "ran", "code": 0}, {"outcome": "ran", "code": 1}
    fleet.prefix_data({
        "groups": {"web": ["web1.example.org", "web2.example.org"], "db": ["db1.example.org"]}, "resources": ["db", "api"],
        "totals": {"db": 4}, "paused": ["newsletter"], "drained": ["web3.example.org"],
        "pauses": {"newsletter": {"why": "move to rack 7", "by": "ann@ops"}}})
    record(fleet, "nightly-report", *[good] * 9, bad)
    record(fleet, "newsletter", *[good] * 10)
    record(fleet, "vacuum", good, {"outcome": "released"}, good, {"outcome": "timeout"}, good)
    record(fleet, "import", *[good] * 4, state="running")
    record(fleet, "cache-warmer", *[good] * 10)
    session = f"{fleet.client.client_id[0] & (1 << 64) - 1:x}"
    for name, runs in (("backup", 9), ("encode", 3)):
        record(fleet, name, *[good] * runs, state="running", session=session)
    held(fleet, "backup", waiters=3)
    held(fleet, "encode")


def clear(fleet):
    for folder in ("locks", "waiters", "jobs"):
        if fleet.client.exists(fleet.path(folder)):
            fleet.client.delete(fleet.path(folder), recursive=True)


def test_data_that_no_run_can_read(browser, own_web, own_fleet):
    """The page goes on, and says so, until it is mended."""
    busy(own_fleet)
    own_fleet.prefix_data('{"groups": {"web": ["web1.example.org",]}}')
    browser.get(own_web.url)
    shows(browser, "prefix data is not valid JSON")
    text = body(browser)
    assert "nightly-report" in text and "OLD" not in text and "fleet restore" in text
    own_fleet.prefix_data({"groups": {"web": ["web1.example.org"]}})
    eventually(lambda: "not valid JSON" not in body(browser))
    clear(own_fleet)


def test_a_fleet_in_which_nothing_has_run(browser, web, fleet):
    browser.get(web.url)
    shows(browser, "No job has run yet")
    assert "live" in body(browser) and not complaints(browser)
    picture(browser, "empty")


def test_what_needs_a_look_comes_first(browser, own_web, own_fleet):
    web, fleet = own_web, own_fleet
    busy(fleet)
    browser.get(web.url)
    shows(browser, "nightly-report")
    eventually(lambda: len(browser.find_elements(By.CSS_SELECTOR, "#jobs > li")) == 7)
    names = [one.text for one in browser.find_elements(By.CSS_SELECTOR, "#jobs > li > a")]
    assert names[:3] == ["import", "nightly-report", "backup"] and names[-2:] == ["cache-warmer", "vacuum"]
    text = body(browser)
    for mention in ("on db1.example.org (4711) for", "3 waiting: web2.example.org",
                    "newsletter is paused by ann@ops: move to rack 7",
                    "web3.example.org is drained", "0 of 4 permits taken", "web1.example.org, web2.example.org"):
        assert mention in text, mention
    marks = browser.find_element(By.XPATH, "//li[a='nightly-report']/*[@role='img']")
    assert marks.text == "●●●●●●●●●✕"
    assert marks.get_attribute("aria-label") == "of the last 10 runs 9 succeeded; the newest: failed with code 1"
    assert browser.title.startswith("(2) ")
    for width in (1280, 800, 390):
        picture(browser, "busy", width, 760)
        wide = browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{width} columns are too few"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    picture(browser, "dark", 1280, 760)
    for folder in ("jobs", "locks"):
        fleet.client.delete(fleet.path(folder, "encode"))
    eventually(lambda: not browser.find_elements(By.XPATH, "//li[a='encode']"))
    assert not complaints(browser)
    clear(fleet)


def test_a_job_by_keyboard(browser, web, fleet):
    busy(fleet)
    browser.get(web.url)
    shows(browser, "nightly-report")
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    browser.switch_to.active_element.send_keys("nightly")
    eventually(lambda: len(browser.find_elements(By.CSS_SELECTOR, "#jobs > li")) == 1)
    browser.switch_to.active_element.send_keys(Keys.TAB, Keys.TAB, Keys.ENTER)
    shows(browser, "It has last succeeded on web1.example.org")
    assert browser.switch_to.active_element.text == "nightly-report"
    assert len(browser.find_elements(By.CSS_SELECTOR, "#runs tr")) == 10
    picture(browser, "job")
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    eventually(lambda: browser.switch_to.active_element.get_attribute("href").endswith("#job=nightly-report"))
    clear(fleet)


def test_markup_is_text(browser, web, fleet):
    name = MARKUP.replace("/", "")
    record(fleet, name, {"outcome": "<b>ran</b>", "host": MARKUP})
    fleet.prefix_data({
        "groups": {MARKUP: [MARKUP]}, "paused": [name], "pauses": {name: {"why": MARKUP}}, "resources": ["__proto__"]})
    browser.get(web.url)
    shows(browser, name)
    browser.find_element(By.CSS_SELECTOR, "#jobs a").click()
    shows(browser, "<b>ran</b>")
    assert not browser.find_elements(By.CSS_SELECTOR, "main img, main script, main b")
    assert browser.title.endswith(f"{name} - switchman") and not complaints(browser)
    clear(fleet)


def test_what_nobody_sees_or_turns_text_around_is_shown(browser, web, fleet):
    name = "back\u200bup\u202e"
    record(fleet, name, {"outcome": "ran", "code": 1, "host": "h\u2066"})
    browser.get(web.url)
    shows(browser, "back?up?")
    browser.find_element(By.CSS_SELECTOR, "#jobs a").click()
    shows(browser, "h?")
    assert browser.find_element(By.ID, "job-title").text == "back?up?" and "back?up? - switchman" in browser.title
    clear(fleet)


def test_the_page_says_that_it_is_old(browser, own_web, own_fleet, server):
    held(own_fleet, "backup")
    browser.get(own_web.url)
    shows(browser, "backup")
    server.kill()
    shows(browser, "OLD: this is how it was at")
    assert browser.title.startswith("OLD ") and "backup" in body(browser)
    assert browser.find_element(By.ID, "old").get_attribute("role") == "alert"
    picture(browser, "old")
    server.restart()
    eventually(lambda: not browser.find_element(By.ID, "old").is_displayed(), within=60)
    own_web.stop()
    shows(browser, "switchman-web does not answer")
    clear(own_fleet)


def test_a_thousand_jobs_and_ten_thousand_waiters(browser, own_web, own_fleet, server):
    client, path = server.client(), own_fleet.path
    crowd(client, path)
    eventually(lambda: len(own_web.json("/api/status")["locks"]) == 1000)
    browser.get(own_web.url)
    summary = browser.find_element(By.ID, "summary")
    eventually(lambda: "1000 running, 10000 waiting" in summary.text)
    assert len(browser.find_elements(By.CSS_SELECTOR, "#jobs > li")) == 1000
    begun = time.monotonic()
    client.delete(path("locks", "job-0500"))
    eventually(lambda: "999 running, 10000 waiting" in summary.text)
    assert time.monotonic() - begun < 10
    client.stop()
    client.close()
