"""What the page says of one job: in its row, in its place among the others, and in the sentences of its own page."""

import datetime

from selenium.webdriver.common.by import By

from Support.browser import body, complaints, shows
from Support.eventually import eventually
from Support.shown import BAD, GOOD, clear, held, hours_ago, queued, record, session
from Support.web import Events


def tick(hours):
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=hours)
    return when.strftime("%Y-%m-%dT%H:00:00+00:00")


def names(browser):
    return [one.text for one in browser.find_elements(By.CSS_SELECTOR, "#jobs > li > a")]


def row(browser, name):
    return browser.find_element(By.XPATH, f"//li[a='{name}']").text


def test_the_order_is_the_terminals(browser, web, fleet, ctl):
    """Lost, of failures the newest, late, what waits for a lock or for permits, what runs; by name where all is well."""
    record(fleet, "z-lost", GOOD, state="running")
    record(fleet, "a-failed", runs=[{**BAD, "host": "h", "started": hours_ago(5), "held_ms": 1}])
    record(fleet, "b-failed", GOOD, BAD)
    record(fleet, "0-late", GOOD, period="hour", ticked=tick(5))
    record(fleet, "1-good", GOOD)
    record(fleet, "0-good", GOOD)
    held(fleet, "y-awaited", waiters=1)
    held(fleet, "x-running")
    browser.get(web.url)
    expected = ["z-lost", "b-failed", "a-failed", "0-late", "y-awaited", "x-running", "0-good", "1-good"]
    eventually(lambda: names(browser) == expected, what=lambda: names(browser))
    assert [one["lockname"] for one in ctl.json("jobs")["jobs"]] == expected
    assert browser.title.startswith("(4) ")
    fleet.client.delete(fleet.path("jobs", "a-failed"))
    record(fleet, "a-failed", BAD)
    shows(browser, "a-failed")
    eventually(lambda: names(browser)[:3] == ["z-lost", "a-failed", "b-failed"], what=lambda: names(browser))
    clear(fleet)


def test_each_state_is_explained(browser, web, fleet):
    fleet.prefix_data({"resources": ["db", "api"], "totals": {"db": 4}, "holds": {"api": {"why": "repair", "by": "ann@ops"}},
                       "paused": ["newsletter"], "pauses": {"newsletter": {"why": "rack 7"}}})
    record(fleet, "gone", GOOD, state="running")
    held(fleet, "standby")
    record(fleet, "standby", GOOD, state="running", session=session(fleet), waiting=True)
    held(fleet, "perl", waiters=2)
    fleet.client.create(fleet.path("locks", "stuck"), b"db1.example.org 1")
    fleet.client.create(fleet.path("jobs", "broken"), b"{")
    record(fleet, "hourly", GOOD, period="hour", ticked=tick(5))
    record(fleet, "bad", BAD)
    record(fleet, "newsletter")
    record(fleet, "extract", GOOD)
    record(fleet, "load", GOOD, consumed={"extract": {"started": 7}})
    record(fleet, "report", GOOD, consumed={"extract": {"started": 5}})
    queued(fleet, "import", "db", "api")
    sentences = {
        "gone": ["The holder on web1.example.org was lost", "The next run waits until it is certainly dead."],
        "standby": ["db1.example.org holds the lock and has started nothing yet: an earlier holder was lost"],
        "perl": ["db1.example.org holds the lock, and no record says more: it is an original", "2 runs wait for the lock"],
        "stuck": ["A node that belongs to no session stands in the lock's place, so that every run refuses to start"],
        "broken": ["The job's record is none that a run can read, so that every run refuses to start"],
        "hourly": ["It starts once per hour.", "It is late: a whole period has gone by", "Nothing of it is running."],
        "bad": ["None of the runs that are remembered has succeeded."],
        "newsletter": ["It is paused: rack 7: nothing new starts."],
        "extract": ["It has last succeeded on web1.example.org, ended "],
        "load": ["Its last start came after a success of extract, which has not succeeded again since."],
        "report": ["Its last start came after a success of extract, which has succeeded again since."],
        "import": ["A run on web2.example.org waits for permits of api, db, since ", "0 of 4 permits of db are taken.",
                   "api is held by ann@ops: repair: no permits of it are given out."],
    }
    browser.get(web.url)
    shows(browser, "hourly")
    for name, texts in sentences.items():
        browser.execute_script("location.hash = arguments[0]", f"#job={name}")
        for text in texts:
            shows(browser, text)
        said = browser.find_element(By.ID, "sentences").text
        assert ("late" in said, "paused" in said) == (name == "hourly", name == "newsletter"), said
    assert not complaints(browser)
    clear(fleet)


def test_that_all_jobs_are_paused_is_said_of_each(browser, web, fleet, ctl):
    record(fleet, "backup", GOOD)
    browser.get(f"{web.url}#job=backup")
    shows(browser, "Nothing of it is running.")
    ctl("pause", "--all", "--why", "move to rack 7")
    shows(browser, ": move to rack 7: nothing new starts.")
    assert "All jobs are paused by " in body(browser) and "It is paused" not in body(browser)
    clear(fleet)


def test_who_waits_for_permits_is_shown(browser, web, fleet, ctl):
    """Also of a job that has never run, of which nothing but its place in the queue is to be found."""
    fleet.prefix_data({"resources": ["db"], "totals": {"db": 1}})
    fleet.start_job("vacuum", arguments=("--lease", "db=1"))
    run = fleet.launch_job("import", arguments=("--lease", "db=1"))
    fleet.queued("db", "import")
    browser.get(web.url)
    shows(browser, "1 running, 1 waiting")
    text = row(browser, "import")
    for mention in ("waits for db", "on host1.example.org for ", "1 waiting for permits: host1.example.org (db)"):
        assert mention in text, text
    assert "idle" not in text and names(browser) == ["import", "vacuum"]
    browser.execute_script("document.getElementById('show').value = 'now'")
    browser.execute_script("document.getElementById('show').dispatchEvent(new Event('change'))")
    assert names(browser) == ["import", "vacuum"]
    browser.find_element(By.XPATH, "//li/a[.='import']").click()
    shows(browser, "A run on host1.example.org waits for permits of db, since ")
    shows(browser, "1 of 1 permits of db are taken.")
    assert "host1.example.org, for permits of db, for " in browser.find_element(By.ID, "waiting").text
    ctl("resources", "hold", "db", "--why", "repair")
    shows(browser, ": repair: no permits of it are given out.")
    ctl("resources", "release", "db")
    fleet.end_job("vacuum")
    shows(browser, "import is running on host1.example.org")
    assert "waits for permits" not in body(browser) and "nobody" in browser.find_element(By.ID, "waiting").text
    fleet.end_job("import")
    assert run.finished().code == 0


def test_the_head_of_a_locks_queue_that_waits_for_permits_is_one_run(web, fleet):
    """It stands in both."""
    held(fleet, "import", waiters=1)
    queued(fleet, "import", "db", "api")
    fleet.client.delete(fleet.path("locks", "import"))
    job = eventually(lambda: _job(web, "import"))
    assert (job["waiting"], job["queued"], job["in_line"]) == (1, 1, 1)
    assert job["queue"][0]["for"] == ["api", "db"] and job["rank"] == 3
    clear(fleet)


def _job(web, name):
    stream = Events(web)
    whole = stream.next("fleet")
    stream.close()
    return next((one for one in whole["jobs"] if one["name"] == name and one["queued"] and one["state"] == "free"), None)
