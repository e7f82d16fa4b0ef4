"""The page in a real browser: Debian's Chromium, without a window."""

import time

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from Support.browser import body, complaints, fits, picture, shows
from Support.crowd import crowd
from Support.eventually import eventually
from Support.shown import busy, clear, held, record
from Support.web import Events

MARKUP = '<img src=x onerror="document.title=`owned`"><script>alert(1)<'

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
    fits(browser, "empty")


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
    fits(browser, "busy")
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
    fits(browser, "old")
    server.restart()
    eventually(lambda: not browser.find_element(By.ID, "old").is_displayed(), within=60)
    own_web.stop()
    shows(browser, "switchman-web does not answer")
    clear(own_fleet)


def test_a_page_too_many_says_so(browser, web):
    """Not that nobody answers; and once there is room, it goes on by itself."""
    others = [Events(web) for _ in range(128)]
    browser.get(web.url)
    shows(browser, "Nothing can be shown: too many live pages are open; close some.")
    assert "does not answer" not in body(browser)
    for other in others:
        other.close()
    shows(browser, "No job has run yet")
    eventually(lambda: browser.find_element(By.ID, "state").text == "live")
    assert not browser.find_element(By.ID, "old").is_displayed()


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
