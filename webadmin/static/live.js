// The page follows the box: sections that change are sent by the server as they would be in the whole page.
"use strict";

const of = document.currentScript.dataset.of || ""; // which kind of page this is
const lost = document.getElementById("lost");
const said = document.getElementById("said");
let heard = Date.now();
let source;

function follow() {
  source = new EventSource("/events?of=" + of);
  source.onerror = () => {
    lost.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(again, 2000);
  };
  source.addEventListener("beat", alive);
  for (const place of document.querySelectorAll("[data-live]")) {
    source.addEventListener(place.dataset.live, (event) => {
      alive();
      show(place, JSON.parse(event.data));
    });
  }
}

// show puts a section in place of what it was; who was in it stays where they were.
function show(place, html) {
  if ("grows" in place.dataset) return grow(place, html);
  const at = place.contains(document.activeElement) && document.activeElement.id;
  place.innerHTML = html;
  if (at) document.getElementById(at)?.focus({ preventScroll: true });
  place.dispatchEvent(new Event("shown", { bubbles: true }));
}

// grow adds what is new of a list, so that a screen reader says that alone, and takes away what is gone.
function grow(place, html) {
  const atEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 8;
  const now = document.createElement("template");
  now.innerHTML = html;
  const ids = new Set([...now.content.children].map((item) => item.id));
  for (const item of [...place.children]) if (!item.id || !ids.has(item.id)) item.remove();
  let next = place.firstElementChild;
  for (const item of [...now.content.children]) {
    if (item.id && next?.id === item.id) next = next.nextElementSibling;
    else place.insertBefore(item, next);
  }
  if (atEnd) place.scrollTop = place.scrollHeight;
}

function alive() {
  heard = Date.now();
  lost.hidden = true;
}

// again asks whether the box still knows who this is: after its restart one has to log in.
async function again() {
  try {
    const answer = await fetch("/api/status");
    if (answer.status === 401) location.href = "/login";
    else follow();
  } catch {
    setTimeout(again, 2000);
  }
}

// A connection that is cut somewhere on the way ends with no word: the box sends one at least every five seconds.
setInterval(() => {
  if (Date.now() - heard < 12000) return;
  lost.hidden = false;
  heard = Date.now();
  source.close();
  again();
}, 1000);

async function press(button) {
  try {
    const answer = await fetch("/api/press/" + button, { method: "POST" });
    const reply = await answer.json();
    said.textContent = reply.text || reply.error;
  } catch {
    said.textContent = "The box does not answer.";
  }
}

for (const button of document.querySelectorAll("[data-press]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    press(button.dataset.press);
  });
}

follow();
