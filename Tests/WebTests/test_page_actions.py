"""The page's buttons, pressed in a real browser."""

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from Support.browser import body, complaints, picture, shows
from Support.eventually import eventually
from Support.web import TOKEN


# At one stroke: the page may draw its buttons anew at any moment, also behind a question.
SEEN = "[...document.querySelectorAll('button')].filter((one) => one.checkVisibility())"


def buttons(browser):
    return browser.execute_script(f"return {SEEN}.map((one) => one.innerText)")


def press(browser, text):
    eventually(lambda: _pressed(browser, text), what=lambda: buttons(browser))


def _pressed(browser, text):
    button = browser.execute_script(f"return {SEEN}.find((one) => one.innerText === arguments[0])", text)
    if button is None:
        return False
    try:
        button.click()
    except StaleElementReferenceException:
        return False
    return True


def dialog(browser):
    return browser.find_element(By.ID, "ask")


def enter(browser, field, text):
    browser.find_element(By.ID, f"ask-{field}").send_keys(text)


def ended(browser):
    eventually(lambda: not dialog(browser).is_displayed(), within=40, what=lambda: dialog(browser).text)
    return browser.find_element(By.ID, "acted").text


def test_without_the_option_there_is_no_button(browser, web, fleet, ctl):
    fleet.start_job("backup")
    ctl("pause", "other")
    for address in (web.url, f"{web.url}#job=backup"):
        browser.get(address)
        shows(browser, "backup is running on" if "#" in address else "other is paused")
        assert buttons(browser) == []
    fleet.end_job("backup")


def test_a_click_on_stop_ends_the_tree(browser, acting, fleet):
    run = fleet.start_job("backup", "--orphans", "3")
    browser.get(f"{acting.url}#job=backup")
    press(browser, "Stop ...")
    assert browser.switch_to.active_element.get_attribute("id") == "ask-token"
    picture(browser, "stop")
    enter(browser, "token", TOKEN)
    press(browser, "Stop")
    said = ended(browser)
    assert "backup: ended" in said and "outcome released" in said
    assert run.finished().code == 80 and not run.left()
    shows(browser, "Nothing of it is running")
    eventually(lambda: buttons(browser) == ["Pause ..."])
    assert not complaints(browser)


def test_a_click_on_stop_is_for_the_run_that_was_shown(browser, acting, fleet):
    """Another one has taken its place while the question was on the screen."""
    fleet.start_job("first", arguments=("--lockname", "backup"))
    browser.get(f"{acting.url}#job=backup")
    press(browser, "Stop ...")
    assert "Stop backup on host1.example.org, process " in dialog(browser).text
    fleet.end_job("first")
    eventually(lambda: fleet.list("locks") == [], what="it is over")
    run = fleet.start_job("second", arguments=("--lockname", "backup"))
    enter(browser, "token", TOKEN)
    press(browser, "Stop")
    eventually(lambda: "another one holds the lock backup now" in dialog(browser).text, what=lambda: dialog(browser).text)
    assert run.running
    press(browser, "Cancel")
    fleet.end_job("second")
    assert run.finished().code == 0


def test_the_token_is_asked_for_once_and_kept_nowhere(browser, acting, fleet, ctl):
    fleet.run("--lockname", "backup", "--", "true")
    browser.get(f"{acting.url}#job=backup")
    press(browser, "Pause ...")
    enter(browser, "why", "move to rack 7")
    enter(browser, "token", TOKEN + Keys.ENTER)
    assert ended(browser) == "pause backup: done"
    shows(browser, "It is paused by switchman-web@host1.example.org for 127.0.0.1")
    assert ctl.json("status")["pauses"]["backup"]["why"] == "move to rack 7"
    press(browser, "Resume ...")
    assert not browser.find_element(By.ID, "ask-token").is_displayed()
    press(browser, "Resume")
    assert ended(browser) == "resume backup: done"
    kept = browser.execute_script(
        "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, document.documentElement.outerHTML,"
        " document.getElementById('ask-token').value, location.href])")
    assert TOKEN not in kept
    browser.refresh()
    press(browser, "Pause ...")
    assert browser.find_element(By.ID, "ask-token").is_displayed(), "another page knows no token"


def test_a_wrong_token_is_told_and_asked_for_again(browser, acting, fleet, ctl):
    fleet.run("--lockname", "backup", "--", "true")
    browser.get(f"{acting.url}#job=backup")
    press(browser, "Pause ...")
    enter(browser, "token", "no-such-token-is-known" + Keys.ENTER)
    shows(browser, "this is not the token of --token-file")
    assert ctl.json("status")["paused"] == []
    browser.find_element(By.ID, "ask-token").clear()
    enter(browser, "token", TOKEN + Keys.ENTER)
    assert ended(browser) == "pause backup: done"
    press(browser, "Resume ...")
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not dialog(browser).is_displayed() and "job=backup" in browser.current_url, "the dialog alone is left"


@pytest.mark.parametrize("host", ["web3.example.org", "<b>*.example.org"])
def test_a_host_is_drained_and_undrained(browser, acting, ctl, host):
    browser.get(acting.url)
    press(browser, "Drain a host ...")
    enter(browser, "name", host)
    enter(browser, "token", TOKEN)
    press(browser, "Drain")
    assert ended(browser) == f"drain {host}: done"
    shows(browser, f"{host} is drained by switchman-web@")
    assert ctl.json("status")["drained"] == [host]
    press(browser, "Undrain")
    dialog(browser).find_element(By.ID, "ask-yes").click()
    assert ended(browser) == f"undrain {host}: done"
    eventually(lambda: "is drained" not in body(browser))


def test_all_jobs_are_paused_and_resumed(browser, acting, ctl):
    browser.get(acting.url)
    press(browser, "Pause all jobs ...")
    enter(browser, "token", TOKEN + Keys.ENTER)
    ended(browser)
    shows(browser, "All jobs are paused")
    eventually(lambda: "Pause all jobs ..." not in buttons(browser))
    press(browser, "Resume")
    dialog(browser).find_element(By.ID, "ask-yes").click()
    ended(browser)
    eventually(lambda: "All jobs are paused" not in body(browser))
    assert "all_paused" not in ctl.json("status")


def test_a_no_is_told(browser, acting, fleet):
    """The job has ended between the look and the click."""
    fleet.start_job("backup")
    browser.get(f"{acting.url}#job=backup")
    press(browser, "Stop ...")
    fleet.end_job("backup")
    eventually(lambda: not fleet.stat("locks", "backup"))
    enter(browser, "token", TOKEN + Keys.ENTER)
    shows(browser, "nobody holds the lock backup")
