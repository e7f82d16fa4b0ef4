"use strict";
// Draws what /api/events tells. All of it comes from ZooKeeper, where anybody may have written it: it becomes text nodes and
// attributes by name, never markup. The server's Content-Security-Policy allows neither inline scripts nor strings as markup.
(() => {
  const $ = (id) => document.getElementById(id);
  const {spell, own, note, wanted} = Explain;
  const jobs = new Map(), resources = new Map(), rows = new Map();
  let fleet = null, acts = false, offset = 0, readAt = null, why = "", refused = "", heard = 0, isLive = false, hasAll = false, shownJob = null, ticket = 0;

  /** An element with text and children; attributes by name. */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, ["aria-label", "title"].includes(name) ? plain(value) : value);
    element.append(...children.map((child) => (typeof child === "string" ? plain(child) : child)));
    return element;
  }
  /** What nobody would see, or what reorders the rest, is shown as a question mark. */
  const plain = (text) => text.replace(/\r\n/g, "\n").replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
  const now = () => Date.now() + offset;

  function span(ms) {
    if (!(ms >= 0)) return "?";
    const s = Math.floor(ms / 1000);
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
  }

  /** "for 5 min", kept up to date. */
  function age(since) {
    const time = make("time", {title: spell(since)});
    time.dataset.since = since;
    try { time.dateTime = new Date(since).toISOString(); } catch { /* beyond any calendar */ }
    time.textContent = span(now() - since);
    return time;
  }
  function aged() {
    for (const time of document.querySelectorAll("time[data-since]")) {
      const text = span(now() - Number(time.dataset.since));
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // Runs

  function kind(run) {
    if (run.ok) return ["●", "good", "succeeded"];
    if (run.outcome === "ran") return ["✕", "bad", `failed with code ${run.code}`];
    if (["released", "group-exit", "paused"].includes(run.outcome)) return ["▲", "warn", run.outcome];
    if (["lost", "timeout", "signaled"].includes(run.outcome)) return ["◆", "bad", run.outcome];
    return ["✕", "bad", run.outcome];
  }

  function marks(job) {
    const runs = job.runs.slice(-10);
    if (!runs.length) return make("span", {class: "marks dim"}, "no runs yet");
    const good = runs.filter((run) => kind(run)[1] === "good").length;
    const last = kind(runs[runs.length - 1])[2];
    const row = make("span", {class: "marks", role: "img",
      "aria-label": `of the last ${runs.length} runs ${good} succeeded; the newest: ${last}`});
    for (const run of runs) {
      const [sign, look, word] = kind(run);
      const when = run.start === undefined ? "" : `${spell(run.start)}, `;
      row.append(make("span", {class: look, title: `${when}${run.host}: ${word}`}, sign));
    }
    return row;
  }

  // Jobs

  const isLate = (job) => job.late_from !== undefined && now() > job.late_from && !job.paused && job.state === "free";
  const hasFailed = (job) => job.failed;
  const LATE = 2;

  /** What needs a look first has the lowest. The server tells it as the terminal has it, but for who is late: that goes by a clock. */
  const rank = (job) => (job.rank > LATE && isLate(job) ? LATE : job.rank);

  /** Of failures the newest first, else by name. */
  function compare(a, b) {
    const age = rows.get(a.name).rank - rows.get(b.name).rank || (b.failed_at || 0) - (a.failed_at || 0);
    return age || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  }

  const WORDS = {
    running: ["running", "good"], waiting: ["waits for a lost holder's term", "warn"],
    original: ["held by an original", "warn"], persistent: ["held by nobody", "bad"],
    unreadable: ["bad record", "bad"], lost: ["lost", "bad"], free: ["idle", "dim"],
  };

  function words(job) {
    const all = [job.state === "free" ? null : WORDS[job.state] || [job.state, "warn"]];
    if (hasFailed(job)) all.push(["failed", "bad"]);
    if (isLate(job)) all.push(["late", "bad"]);
    if (job.state === "free" && job.queued) all.push([`waits for ${wanted(job)}`, "warn"]);
    if (job.paused) all.push(["paused", "warn"]);
    const known = all.filter(Boolean);
    return known.length ? known : [WORDS.free];
  }

  function where(job) {
    const box = make("span", {class: "where"});
    if (job.host !== undefined) {
      box.append(plain(`on ${job.host}`), job.pid === undefined ? "" : ` (${job.pid})`);
      if (job.since !== undefined) box.append(" for ", age(job.since));
      return box;
    }
    const first = job.queue[0], last = job.runs[job.runs.length - 1];
    if (first) {
      box.append(plain(`on ${first.host} for `), age(first.since));
    } else if (last) {
      box.classList.add("dim");
      box.append(plain(`last on ${last.host}`));
      if (last.start !== undefined) box.append(", ", age(last.start + (last.took || 0)), " ago");
    }
    return box;
  }

  function names(list, total, text, of = "") {
    return `${total} waiting${of}: ${list.slice(0, 5).map(text).join(", ")}${total > 5 ? ", ..." : ""}`;
  }

  function draw(job) {
    let row = rows.get(job.name);
    if (!row) rows.set(job.name, row = make("li"));
    const state = make("span", {class: "state"});
    words(job).forEach(([word, look], index) => state.append(index ? ", " : "", make("span", {class: look}, word)));
    const hadFocus = row.contains(document.activeElement);
    const link = make("a", {href: `#job=${encodeURIComponent(job.name)}`}, job.name);
    row.replaceChildren(link, state, where(job), marks(job));
    if (job.waiting > 0) {
      row.append(make("span", {class: "queue dim"}, names(job.waiters, job.waiting, (one) => one.host)));
    }
    if (job.queued > 0) {
      const texts = names(job.queue, job.queued, (one) => `${one.host} (${one.for.join(", ")})`, " for permits");
      row.append(make("span", {class: "queue dim"}, texts));
    }
    if (hadFocus) link.focus();
    row.rank = rank(job);
    row.className = row.rank < 3 ? "bad" : row.rank === 3 || row.rank === 5 ? "warn" : row.rank === 4 ? "good" : "";
  }

  function isWanted(job, text, show) {
    if (show === "now" && job.state === "free" && !job.in_line) return false;
    if (show === "bad" && rank(job) > 2) return false;
    if (!text) return true;
    return job.name.toLowerCase().includes(text) || (job.host || "").toLowerCase().includes(text)
      || [...job.waiters, ...job.queue].some((one) => one.host.toLowerCase().includes(text));
  }

  function order() {
    const text = $("find").value.trim().toLowerCase(), show = $("show").value, list = $("jobs");
    const fitting = [...jobs.values()].filter((job) => isWanted(job, text, show));
    fitting.sort(compare);
    const focused = document.activeElement;
    let at = list.firstChild;
    for (const job of fitting) {
      const row = rows.get(job.name);
      if (at === row) at = at.nextSibling; else list.insertBefore(row, at);
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
    if (focused && focused !== document.activeElement && focused.isConnected) focused.focus();
    const all = [...jobs.values()], count = (test) => all.filter(test).length;
    const parts = [[count((job) => ["running", "waiting", "original"].includes(job.state)), "running"],
      [all.reduce((sum, job) => sum + job.in_line, 0), "waiting"], [count((job) => job.state === "lost"), "lost"],
      [count(hasFailed), "failed"], [count(isLate), "late"]].filter(([number], index) => number || index < 2);
    $("summary").textContent = `${all.length} known, ${parts.map(([number, word]) => `${number} ${word}`).join(", ")}`;
    const none = !hasAll ? "" : !all.length ? "No job has run yet, and nothing waits." : !fitting.length ? "No job fits what you look for." : "";
    $("none").textContent = none;
    $("none").hidden = !none;
  }

  // The rest of the fleet

  function drawResource(resource) {
    const {name, total, used, orphaned} = resource;
    const item = make("li", {}, make("h3", {}, name), " ");
    if (total !== undefined) {
      const meter = make("meter", {min: 0, max: Math.max(total, 1), "aria-label": `${name}: ${used} of ${total} permits taken`});
      meter.value = Math.min(used + orphaned, total);
      item.append(meter, " ");
    }
    item.append(`${used}${total === undefined ? "" : ` of ${total}`} permits taken`);
    if (orphaned) item.append(make("span", {class: "warn"}, `, ${orphaned} held back for lost holders`));
    if (resource.held) item.append(make("span", {class: "warn"}, ", held: no permits are given out"));
    if (resource.disagrees) item.append(make("span", {class: "bad"}, ", totals disagree"));
    if (resource.foreign) item.append(make("span", {class: "bad"}, `, ${resource.foreign} foreign nodes`));
    if (resource.holding) {
      const held = resource.holders.slice(0, 5).map((one) => `${one.host} (${one.count})`).join(", ");
      item.append(make("p", {class: "dim"}, `held by ${held}${resource.holding > 5 ? ", ..." : ""}`));
    }
    if (resource.waiting) {
      item.append(make("p", {class: "dim"}, names(resource.queue, resource.waiting, (one) => `${one.job} on ${one.host}`)));
    }
    return item;
  }

  /** New children, if what they are made of is new. */
  function renew(parent, of, children) {
    const key = JSON.stringify(of);
    if (parent.dataset.of === key) return;
    parent.dataset.of = key;
    parent.replaceChildren(...children());
  }

  function drawRest() {
    $("prefix").textContent = `${fleet.prefix} on ${fleet.servers}`;
    const notices = [];
    if (fleet.data_error) notices.push([`${fleet.data_error}. Until that is mended, groups, pauses and totals are unknown.`]);
    if (fleet.all_paused) notices.push([`All jobs are paused${note(fleet.all_paused)}`, "resume", null]);
    for (const name of fleet.paused) notices.push([`${name} is paused${note(own(fleet.pauses, name) || {})}`, "resume", name]);
    for (const name of Object.keys(fleet.holds || {}).sort()) notices.push([`${name} is held${note(fleet.holds[name])}: no permits of it are given out`]);
    for (const name of fleet.drained) notices.push([`${name} is drained${note(own(fleet.drains, name) || {})}`, "undrain", name]);
    // Not for every news: somebody may be about to press a button.
    renew($("notices").firstChild, [acts, notices], () => notices.map(([text, verb, name]) => make("li", {}, text,
      ...(acts && verb ? [Acts.button(verb === "resume" ? "Resume" : "Undrain", verb, name)] : []))));
    $("fleet-acts").hidden = !acts;
    renew($("fleet-acts"), [acts, Boolean(fleet.all_paused)], () => !acts ? [] : [
      ...(fleet.all_paused ? [] : [Acts.button("Pause all jobs ...", "pause", null)]), Acts.button("Drain a host ...", "drain", "")]);
    $("notices").hidden = !notices.length;
    const groups = Object.keys(fleet.groups).sort();
    $("groups").replaceChildren(...groups.flatMap((name) =>
      [make("dt", {}, name), make("dd", {}, fleet.groups[name].join(", ") || "no host")]));
    $("groups-part").dataset.empty = groups.length ? "" : "yes";
  }

  // One job

  function drawActs(job, lock) {
    $("job-acts").hidden = !acts;
    const isPaused = fleet.paused.includes(job.name), isHeld = lock && lock.holder && ["running", "waiting"].includes(lock.state);
    const run = isHeld ? {token: lock.token, host: lock.holder.host, pid: lock.holder.pid} : undefined;
    // A host of such a name would be a pattern.
    const holder = run && !/[*?]/.test(run.host) ? run.host : undefined;
    renew($("job-acts"), [acts, job.name, isPaused, run], () => !acts ? [] : [
      ...(run === undefined ? [] : [Acts.button("Stop ...", "stop", job.name, run)]),
      isPaused ? Acts.button("Resume ...", "resume", job.name) : Acts.button("Pause ...", "pause", job.name),
      ...(holder === undefined ? [] : [Acts.button(`Drain ${holder} ...`, "drain", holder)])]);
  }

  // The output of its last failed run

  function drawOutput(kept) {
    const bytes = kept.encoding === "base64" ? Uint8Array.from(atob(kept.output), (one) => one.charCodeAt(0)) : new TextEncoder().encode(kept.output);
    const code = kept.code === undefined ? "" : `, code ${kept.code}`, end = kept.end === undefined ? "" : `, ended ${spell(Date.parse(kept.end))}`;
    const amount = kept.written > bytes.length ? `the last ${bytes.length} of ${kept.written} bytes` : `${bytes.length} bytes`;
    $("output-head").textContent = plain(`${kept.host}: ${kept.outcome}${code}${end}; ${amount}`);
    $("output").textContent = plain(new TextDecoder().decode(bytes));
    $("output-part").hidden = false;
  }

  let outputOf = "";
  /** Asked for once for each end of a run, and a second time if it is not there: the first of a job is written after its record. */
  async function showOutput(job, isSecond) {
    const last = job.runs[job.runs.length - 1], key = JSON.stringify([job.name, last]);
    if (key === outputOf && !isSecond) return;
    outputOf = key;
    if (!isSecond) $("output-part").hidden = true;
    try {
      const answer = await fetch(`api/jobs/${encodeURIComponent(job.name)}/output`);
      const kept = await answer.json();
      if (outputOf !== key) return;
      if (answer.ok) return drawOutput(kept);
      if (answer.status !== 404) throw new Error(kept.error);
      if (last && !last.ok && !isSecond) setTimeout(() => { if (outputOf === key) showOutput(job, true); }, 2000);
    } catch {
      if (outputOf === key) outputOf = "";
    }
  }

  function drawJob(job, document_) {
    const lock = document_.status.locks[0], runs = document_.history.runs;
    drawActs(job, lock);
    showOutput(job, false);
    $("sentences").replaceChildren(...Explain.sentences(job, lock, fleet, resources, isLate(job)).map((text) => make("li", {}, text)));
    const waiting = lock ? lock.waiting : [];
    const items = waiting.slice(0, 500).map((one, index) =>
      make("li", {}, `${index + 1}. ${one.host}${one.pid === undefined ? "" : ` (${one.pid})`} for `, age(Date.parse(one.since))));
    if (waiting.length > 500) items.push(make("li", {}, `and ${waiting.length - 500} more`));
    for (const one of job.queue) items.push(make("li", {}, `${one.host}, for permits of ${one.for.join(", ")}, for `, age(one.since)));
    if (job.queued > job.queue.length) items.push(make("li", {}, `and ${job.queued - job.queue.length} more for permits`));
    if (!items.length) items.push(make("li", {class: "dim"}, "nobody"));
    $("waiting").replaceChildren(...items);
    $("runs").replaceChildren(...runs.slice().reverse().map((run) => {
      const [sign, look, word] = ["running", "waiting", "original"].includes(run.outcome) ? ["▶", "good", run.outcome] : kind(run);
      const took = run.duration_ms === undefined ? "" : run.duration_ms < 10000 ? `${(run.duration_ms / 1000).toFixed(1)} s` : span(run.duration_ms);
      return make("tr", {}, make("td", {}, run.start ? spell(Date.parse(run.start)) : "?"), make("td", {}, run.host), make("td", {}, took),
        make("td", {class: look}, make("span", {"aria-hidden": "true"}, `${sign} `), word),
        make("td", {}, run.code === undefined ? "" : String(run.code)),
        make("td", {}, run.waited_ms ? span(run.waited_ms) : ""));
    }));
  }

  function complainOfJob(text) {
    $("sentences").replaceChildren(make("li", {}, text));
    $("waiting").replaceChildren();
    $("runs").replaceChildren();
    $("job-acts").hidden = true;
    $("output-part").hidden = true;
    outputOf = "";
  }

  async function showJob() {
    const name = shownJob, mine = ++ticket;
    if (name === null || !hasAll) return;
    const job = jobs.get(name);
    if (!job) return complainOfJob("Nothing is known of such a job.");
    try {
      const answer = await fetch(`api/jobs/${encodeURIComponent(name)}`);
      const said = await answer.json();
      if (mine !== ticket) return;
      if (answer.ok) drawJob(job, said); else complainOfJob(said.error);
    } catch {
      if (mine === ticket) complainOfJob("switchman-web does not answer.");
    }
  }

  function route() {
    const hash = location.hash;
    let name = null;
    if (hash.startsWith("#job=")) { try { name = decodeURIComponent(hash.slice(5)); } catch { name = null; } }
    const hasChanged = name !== shownJob;
    shownJob = name;
    $("job").hidden = name === null;
    for (const id of ["fleet", "notices", "resources-part", "groups-part"]) {
      const isEmpty = id === "notices" ? !$(id).querySelector("li") : id === "resources-part" ? !resources.size : $(id).dataset.empty === "yes";
      $(id).hidden = name !== null || (id !== "fleet" && (!fleet || isEmpty));
    }
    if (name !== null && hasChanged) {
      $("job-title").textContent = plain(name);
      complainOfJob("...");
      $("job-title").focus();
      showJob();
    }
    title();
  }

  // News

  const troubles = (job) => (job.state === "lost" ? "lost" : hasFailed(job) ? "failed" : isLate(job) ? "late" : "");

  function take(news) {
    const said = [];
    const before = new Map([...jobs].map(([name, job]) => [name, troubles(job)]));
    if (news.whole) { jobs.clear(); resources.clear(); rows.clear(); $("jobs").replaceChildren(); }
    fleet = news.fleet;
    for (const name of news.gone_jobs) { jobs.delete(name); rows.delete(name); }
    for (const name of news.gone_resources) resources.delete(name);
    for (const job of news.jobs) {
      jobs.set(job.name, job);
      draw(job);
      const word = troubles(job);
      if (hasAll && word && before.get(job.name) !== word) said.push(`${job.name}: ${word}`);
    }
    for (const resource of news.resources) resources.set(resource.name, resource);
    hasAll = true;
    if (news.whole || news.resources.length || news.gone_resources.length) {
      const sorted = [...resources.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      $("resources").replaceChildren(...sorted.map(drawResource));
    }
    drawRest();
    order();
    route();
    // A pause is in the fleet's part and shows at every job, so any news may be of the one that is shown.
    if (shownJob !== null) showJob();
    if (said.length) $("news").textContent = plain(said.slice(0, 5).join("; "));
  }

  function freshness() {
    const isHeard = isLive && Math.abs(Date.now() - heard) < 15000;
    const trouble = refused || (isHeard ? why : "switchman-web does not answer");
    const isOld = Boolean(trouble) && (hasAll || heard > 0 || !isLive);
    document.body.classList.toggle("old", isOld);
    const state = isOld ? "" : readAt === null ? "connecting ..." : "live";
    if ($("state").textContent !== state) $("state").textContent = state;
    const old = !isOld ? "" : hasAll && readAt !== null
      ? `OLD: this is how it was at ${spell(readAt)}, ${span(now() - readAt)} ago. ${trouble}.` : `Nothing can be shown: ${trouble}.`;
    // Only now and then, lest it be read aloud every second.
    const key = `${isOld}${trouble}${Math.floor((now() - (readAt || 0)) / 60000)}`;
    if ($("old").dataset.key !== key) {
      $("old").dataset.key = key;
      $("old").textContent = old;
      $("old").hidden = !isOld;
    }
    title();
  }

  function title() {
    const bad = [...jobs.values()].filter((job) => rank(job) < 3).length;
    const text = `${document.body.classList.contains("old") ? "OLD " : ""}${bad ? `(${bad}) ` : ""}${shownJob === null ? "" : `${plain(shownJob)} - `}switchman`;
    if (document.title !== text) document.title = text;
  }

  /** Why the events are refused, which the browser does not tell: they are asked for once more. */
  async function refusal() {
    const asked = new AbortController();
    let text = "";
    try {
      const answer = await fetch("api/events", {signal: asked.signal});
      const type = answer.headers.get("content-type") || "";
      if (type.startsWith("application/json")) text = (await answer.json()).error;
      // A proxy's page, or that there is no room: what is sent before anything is read has no other form.
      else if (!answer.ok) text = type.startsWith("text/plain") ? (await answer.text()).slice(0, 200).trim() : `the answer is ${answer.status}`;
    } catch { /* It does not answer. */ }
    asked.abort();
    if (isLive) return;
    refused = typeof text === "string" ? plain(text) : "";
    freshness();
  }

  let source = null;
  function connect() {
    source = new EventSource("api/events");
    source.addEventListener("fleet", (event) => { [heard, isLive, refused] = [Date.now(), true, ""]; take(JSON.parse(event.data)); });
    source.addEventListener("state", (event) => {
      const state = JSON.parse(event.data);
      [heard, isLive, refused, offset, readAt, why] = [Date.now(), true, "", state.now - Date.now(), state.read, state.old || ""];
      if (acts !== Boolean(state.acts)) {
        acts = Boolean(state.acts);
        if (fleet) drawRest();
        if (shownJob !== null) showJob();
      }
      freshness();
    });
    source.onerror = () => {
      // Turned away, and not only cut off: the browser would not come back by itself.
      const isRefused = source.readyState === EventSource.CLOSED;
      isLive = false;
      if (!isRefused) refused = "";
      Acts.forget();
      freshness();
      if (!isRefused) return;
      refusal();
      setTimeout(connect, 5000);
    };
  }

  $("find").addEventListener("input", order);
  $("show").addEventListener("change", order);
  addEventListener("hashchange", () => {
    const from = shownJob;
    route();
    if (shownJob === null && from !== null && rows.has(from)) rows.get(from).firstChild.focus();
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || $("ask").open) return;
    if (event.key === "/" && shownJob === null && document.activeElement !== $("find")) { event.preventDefault(); $("find").focus(); }
    if (event.key === "Escape" && shownJob !== null) location.hash = "";
  });
  let late = new Set();
  setInterval(() => {
    aged();
    freshness();
    // Nobody tells when a job becomes late.
    const isNow = new Set([...jobs.values()].filter(isLate).map((job) => job.name));
    if (isNow.size !== late.size || [...isNow].some((name) => !late.has(name))) {
      for (const name of new Set([...isNow, ...late])) if (jobs.has(name)) draw(jobs.get(name));
      late = isNow;
      order();
    }
  }, 1000);
  route();
  connect();
})();
