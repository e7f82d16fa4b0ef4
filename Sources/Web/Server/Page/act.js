"use strict";
// What the page lets somebody do who knows the token: asked for once, and kept in this script's memory alone.
const Acts = (() => {
  const $ = (id) => document.getElementById(id);
  const TEXTS = {
    stop: (name, run) => [`Stop ${name}${run ? ` on ${run.host}, process ${run.pid}` : ""}?`,
      "Its holder is asked to end the command. It sends SIGTERM, in the end SIGKILL, waits until all processes are gone, and releases the lock."],
    pause: (name) => [`Pause ${name}?`, "Nothing new of it starts, on any host, until it is resumed. What runs goes on."],
    resume: (name) => [`Resume ${name}?`, "It may start again."],
    drain: (name) => [name === "" ? "Drain a host?" : `Drain ${name}?`, "No job starts there any more, until it is undrained. What runs there goes on."],
    undrain: (name) => [`Undrain ${name}?`, "Jobs may start there again."],
  };
  const ALL = "all jobs";
  let token = null, asked = null;

  /** A name that looks like another is not to be taken for it. */
  const visible = (name) => name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");

  /** A button that asks first. A name of null is all jobs; an empty one is asked for. A stop is for the run that is shown. */
  function button(text, verb, name, run) {
    const made = document.createElement("button");
    made.type = "button";
    made.append(text);
    made.dataset.verb = verb;
    made.addEventListener("click", () => ask(verb, name, run));
    return made;
  }

  function ask(verb, name, run) {
    asked = {verb, name, run};
    const [title, text] = TEXTS[verb](name === null ? ALL : visible(name), run);
    $("ask-title").textContent = title;
    $("ask-text").textContent = text;
    $("ask-name-part").hidden = name !== "";
    $("ask-name").value = "";
    $("ask-why-part").hidden = verb !== "pause" && verb !== "drain";
    $("ask-why").value = "";
    $("ask-token-part").hidden = token !== null;
    $("ask-yes").textContent = verb[0].toUpperCase() + verb.slice(1);
    settle("");
    $("ask").showModal();
    const first = [...$("ask").querySelectorAll("input")].find((input) => !input.closest("[hidden]"));
    (first || $("ask-no")).focus();
  }

  function settle(text) {
    $("ask-yes").disabled = false;
    $("ask-said").textContent = text;
  }

  async function act() {
    if ($("ask-yes").disabled) return;
    const mine = asked, request = {verb: mine.verb};
    const name = mine.name === "" ? $("ask-name").value.trim() : mine.name;
    if (name === null) request.all = true; else request.name = name;
    if (!$("ask-why-part").hidden && $("ask-why").value.trim()) request.why = $("ask-why").value.trim();
    if (mine.run) request.token = mine.run.token;
    const shown = token === null ? $("ask-token").value.trim() : token;
    // A header takes no other letters.
    if (!/^[!-~]+$/.test(shown)) return settle("The token is missing, or is none.");
    $("ask-yes").disabled = true;
    $("ask-said").textContent = mine.verb === "stop" ? "Asked; waiting for its end ..." : "...";
    let text = "", isDone = false;
    try {
      const answer = await fetch("api/actions", {
        method: "POST", body: JSON.stringify(request),
        headers: {"content-type": "application/json", "x-switchman-token": shown},
      });
      const said = await answer.json();
      isDone = answer.ok;
      text = isDone ? said.said.join("; ") || `${mine.verb} ${name === null ? ALL : name}: done` : said.error;
      // Only what comes after the look at the token says that it is right.
      const isRight = [200, 400, 409, 500, 502, 503].includes(answer.status);
      token = isRight ? shown : null;
      if (isRight) $("ask-token").value = "";
    } catch {
      text = "switchman-web does not answer; what has become of it is not known.";
    }
    if (asked === mine && $("ask").open && !isDone) {
      $("ask-token-part").hidden = token !== null;
      return settle(text);
    }
    if (asked === mine) $("ask").close();
    $("acted").textContent = text;
    $("acted").hidden = false;
  }

  $("ask-yes").addEventListener("click", act);
  $("ask-no").addEventListener("click", () => $("ask").close());
  $("ask").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.tagName === "INPUT") { event.preventDefault(); act(); }
  });
  $("ask").addEventListener("close", () => { $("ask-token").value = ""; });
  /** Whoever answers at this address next may be another. */
  function forget() { token = null; }

  return {button, forget};
})();
