"""What somebody is told who does not see the page, or has no mouse."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from Support.browser import shows
from Support.eventually import eventually
from Support.shown import BAD, GOOD, busy, clear, record


def one(browser, identifier):
    return browser.find_element(By.ID, identifier)


def test_each_part_has_its_role_and_its_name(browser, web, fleet):
    busy(fleet)
    browser.get(web.url)
    shows(browser, "nightly-report")
    roles = {name: one(browser, name).get_attribute("role") for name in ("state", "old", "news", "acted")}
    assert roles == {"state": "status", "old": "alert", "news": "log", "acted": "status"}
    assert one(browser, "news").get_attribute("aria-live") == "polite"
    names = {part: one(browser, part).accessible_name for part in ("notices", "fleet", "resources-part", "groups-part")}
    assert names == {"notices": "Pauses and drained hosts", "fleet": "Jobs", "resources-part": "Resources", "groups-part": "Groups"}
    meters = [meter.accessible_name for meter in browser.find_elements(By.TAG_NAME, "meter")]
    assert meters == ["db: 0 of 4 permits taken"]
    for control, name in (("find", "Find"), ("show", "Show")):
        assert one(browser, control).accessible_name == name
    marks = [row.accessible_name for row in browser.find_elements(By.CSS_SELECTOR, "#jobs .marks[role=img]")]
    assert len(marks) == 7 and all(name.startswith("of the last ") for name in marks), marks
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    clear(fleet)


def test_the_first_key_leads_to_the_jobs(browser, web):
    browser.get(web.url)
    shows(browser, "No job has run yet")
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    link = browser.switch_to.active_element
    assert link.text == "Skip to the jobs" and link.location["x"] > 0
    link.send_keys(Keys.ENTER)
    eventually(lambda: browser.switch_to.active_element.get_attribute("id") == "main")


def test_what_is_new_and_bad_is_read_out_once(browser, web, fleet):
    record(fleet, "old", BAD)
    record(fleet, "good", GOOD)
    browser.get(web.url)
    shows(browser, "good")
    news = one(browser, "news")
    assert news.get_property("textContent") == "", "what was there before is none"
    record(fleet, "fresh", BAD)
    eventually(lambda: news.get_property("textContent") == "fresh: failed")
    record(fleet, "other", GOOD)
    shows(browser, "other")
    assert news.get_property("textContent") == "fresh: failed"
    record(fleet, "gone", GOOD, state="running")
    eventually(lambda: news.get_property("textContent") == "gone: lost")
    clear(fleet)
