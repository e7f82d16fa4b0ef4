"""Debian's Chromium, without a window."""

import os

from selenium import webdriver
from selenium.webdriver.common.by import By

from .eventually import eventually


def start(folder):
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options)
    browser.set_window_size(1280, 900)
    return browser


def body(browser):
    return browser.find_element(By.TAG_NAME, "body").text


def shows(browser, text, within=20):
    eventually(lambda: text in body(browser), within=within, what=lambda: body(browser))


def picture(browser, name, width=1280, height=900):
    """For people: SWITCHMAN_PICTURES names a folder."""
    browser.set_window_size(width, height)
    if folder := os.environ.get("SWITCHMAN_PICTURES"):
        browser.save_screenshot(f"{folder}/{name}-{width}.png")


def fits(browser, name):
    """Nothing stands beyond the edge, on a desk, a tablet and a phone; a picture of each, for people."""
    for width in (1280, 800, 390):
        picture(browser, name, width, 760)
        wide = browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name}: {width} columns are too few, by {wide}"


def complaints(browser):
    """Those of the console. Most jobs have no output that is kept: the browser notes each such answer."""
    lines = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    return [line for line in lines if not ("/output - " in line["message"] and "status of 404" in line["message"])]
