// The time that is left of what one has in hand, counted by the server's clock: the page says how many seconds it began with.
for (const place of document.querySelectorAll("[data-left]")) {
  const end = performance.now() + Number(place.dataset.left) * 1000;
  const shown = place.querySelector("[data-clock]");
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    place.classList.toggle("bad", left <= 120);
    if (left > 0) return;
    clearInterval(turn);
    for (const button of document.querySelectorAll("[data-until-end]")) button.disabled = true;
    const said = document.querySelector("[data-ended]");
    if (said) said.hidden = false;
  };
  const turn = setInterval(tick, 1000);
  tick();
}
