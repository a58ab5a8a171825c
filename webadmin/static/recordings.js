// A chunk is played where it begins, in the player of its recording.
"use strict";

for (const link of document.querySelectorAll("[data-at]")) {
  link.addEventListener("click", (event) => {
    const player = link.closest("article").querySelector("audio");
    if (!player) return;
    event.preventDefault();
    player.currentTime = Number(link.dataset.at);
    player.play();
  });
}
