// The page follows the box: sections that change are sent by the server as they would be in the whole page.
"use strict";

const lost = document.getElementById("lost");
const said = document.getElementById("said");
let heard = Date.now();
let source;

function follow() {
  source = new EventSource("/events");
  source.onerror = () => {
    lost.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(again, 2000);
  };
  source.addEventListener("beat", alive);
  for (const place of document.querySelectorAll("[data-live]")) {
    source.addEventListener(place.dataset.live, (event) => {
      alive();
      place.innerHTML = JSON.parse(event.data);
    });
  }
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
