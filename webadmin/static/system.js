// The log follows the box; its reader is left where they read, unless that is the end.
"use strict";

const log = document.getElementById("log");
const lost = document.getElementById("lost");
const most = 2000; // lines that stay

function atEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 40;
}

function show(lines) {
  const follow = atEnd();
  for (const line of lines) log.append(line.text + "\n");
  while (log.childNodes.length > most) log.firstChild.remove();
  if (follow) log.scrollTop = log.scrollHeight;
}

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/system/log?after=" + log.dataset.after + "&level=" + log.dataset.level);
    if (answer.status === 401) location.href = "/login";
    if (!answer.ok) return;
    const reply = await answer.json();
    log.dataset.after = reply.last;
    show(reply.lines);
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
}

log.scrollTop = log.scrollHeight;

async function again() {
  await look();
  setTimeout(again, 2000);
}
again();
