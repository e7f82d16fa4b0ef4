"use strict";
// What the page lets somebody do who knows the token: asked for once, and kept in this script's memory alone.
const Acts = (() => {
  const $ = (id) => document.getElementById(id);
  const TEXTS = {
    stop: (name) => [`Stop ${name}?`,
      "Its holder is asked to end the command. It sends SIGTERM, in the end SIGKILL, waits until all processes are gone, and releases the lock."],
    pause: (name) => [`Pause ${name}?`, "Nothing new of it starts, on any host, until it is resumed. What runs goes on."],
    resume: (name) => [`Resume ${name}?`, "It may start again."],
    drain: (name) => [name === "" ? "Drain a host?" : `Drain ${name}?`, "No job starts there any more, until it is undrained. What runs there goes on."],
    undrain: (name) => [`Undrain ${name}?`, "Jobs may start there again."],
  };
  const ALL = "all jobs";
  let token = null, asked = null;

  /** A button that asks first. A name of null is all jobs; an empty one is asked for. */
  function button(text, verb, name) {
    const made = document.createElement("button");
    made.type = "button";
    made.append(text);
    made.dataset.verb = verb;
    made.addEventListener("click", () => ask(verb, name));
    return made;
  }

  function ask(verb, name) {
    asked = {verb, name};
    const [title, text] = TEXTS[verb](name === null ? ALL : name);
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
    const shown = token === null ? $("ask-token").value.trim() : token;
    // A header takes no other letters.
    if (!/^[!-~]+$/.test(shown)) return settle("The token is missing, or is none.");
    $("ask-yes").disabled = true;
    $("ask-said").textContent = mine.verb === "stop" ? "Asked; waiting for its end ..." : "...";
    let text = "", isDone = false;
    try {
      const answer = await fetch("api/actions", {
        method: "POST", body: JSON.stringify(request),
        headers: {"content-type": "application/json", authorization: `Bearer ${shown}`},
      });
      const said = await answer.json();
      isDone = answer.ok;
      text = isDone ? said.said.join("; ") || `${mine.verb} ${name === null ? ALL : name}: done` : said.error;
      // That it was refused for another reason says that the token is right.
      const isWrong = answer.status === 401 || answer.status === 403;
      token = isWrong ? null : shown;
      if (!isWrong) $("ask-token").value = "";
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
  return {button};
})();
