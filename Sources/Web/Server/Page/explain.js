"use strict";
// What there is to say of one job, in sentences, and the words for times and reasons. They are text: page.js makes nodes of them.
const Explain = (() => {
  const clock = new Intl.DateTimeFormat(undefined, {dateStyle: "short", timeStyle: "medium"});
  const spell = (ms) => { try { return clock.format(new Date(ms)); } catch { return "?"; } };
  /** A job may be called "constructor". */
  const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);
  const MOST = 5;

  /** Until when, by whom, since when and why something is paused, drained or held: what is known of that. */
  function note(pause) {
    const until = pause.until ? ` until ${spell(Date.parse(pause.until))}` : "";
    return `${until}${pause.by ? ` by ${pause.by}` : ""}${pause.since ? ` since ${spell(Date.parse(pause.since))}` : ""}`
      + `${pause.why ? `: ${pause.why}` : ""}`;
  }

  /** The resources of which permits are waited for, of several the first. */
  function wanted(job) {
    const all = [...new Set(job.queue.flatMap((one) => one.for))];
    return all.length > MOST ? [...all.slice(0, MOST), "..."].join(", ") : all.join(", ");
  }

  function standing(job, lock) {
    const name = job.name, held = lock && lock.holder ? lock.holder : {};
    switch (job.state) {
    case "running": return `${name} is running on ${held.host}, process ${held.pid}, since ${spell(job.since)}.`;
    case "waiting": return `${held.host} holds the lock and has started nothing yet: an earlier holder was lost, and its term has to be over first.`;
    case "original": return `${held.host} holds the lock, and no record says more: it is an original, or about to begin.`;
    case "persistent": return "A node that belongs to no session stands in the lock's place, so that every run refuses to start: delete it.";
    case "unreadable": return "The job's record is none that a run can read, so that every run refuses to start: if none can be alive, delete it.";
    case "lost": return `The holder on ${job.host} was lost: nobody has said that its command has ended. The next run waits until it is certainly dead.`;
    default: return "Nothing of it is running.";
    }
  }

  /** Who waits for permits, and what is in the way. */
  function permits(job, fleet, resources) {
    if (!job.queued) return [];
    const first = job.queue[0];
    const all = [job.queued === 1 ? `A run on ${first.host} waits for permits of ${wanted(job)}, since ${spell(first.since)}.`
      : `${job.queued} runs wait for permits of ${wanted(job)}, the first since ${spell(first.since)}.`];
    for (const name of [...new Set(job.queue.flatMap((one) => one.for))].slice(0, MOST)) {
      const resource = resources.get(name);
      if (!resource) continue;
      if (resource.held) {
        all.push(`${name} is held${note(own(fleet.holds || {}, name) || {})}: no permits of it are given out.`);
      } else if (resource.total !== undefined) {
        const lost = resource.orphaned ? `, and ${resource.orphaned} are held back for lost holders` : "";
        all.push(`${resource.used} of ${resource.total} permits of ${name} are taken${lost}.`);
      }
    }
    return all;
  }

  /** Nothing that the page cannot know: which options the next run will have is for its own host to say (`switchmanctl explain`). */
  function sentences(job, lock, fleet, resources, isLate) {
    const all = [standing(job, lock)], name = job.name;
    if (job.waiting) all.push(`${job.waiting} ${job.waiting === 1 ? "run waits" : "runs wait"} for the lock, first come first.`);
    all.push(...permits(job, fleet, resources));
    if (fleet.all_paused) all.push(`All jobs are paused${note(fleet.all_paused)}: nothing new starts.`);
    if (fleet.paused.includes(name)) all.push(`It is paused${note(own(fleet.pauses, name) || {})}: nothing new starts.`);
    if (job.period !== undefined) all.push(`It starts once per ${job.period}.`);
    if (isLate) all.push("It is late: a whole period has gone by in which nobody has started it.");
    for (const parent of job.after || []) {
      all.push(`Its last start came after a success of ${parent.job}, which has ${parent.again ? "" : "not "}succeeded again since.`);
    }
    const good = job.last_success;
    if (good) all.push(`It has last succeeded on ${good.host}${good.end === undefined ? "" : `, ended ${spell(good.end)}`}.`);
    else if (job.runs.length) all.push("None of the runs that are remembered has succeeded.");
    return all;
  }

  return {spell, own, note, wanted, sentences};
})();
