// The editor saves by itself three seconds after the last key, and says so; the server refuses what is stale.
const form = document.querySelector("form[data-autosave]");
if (form) {
  const status = document.querySelector("[data-save-status]");
  let timer = 0;
  let dirty = false;
  const save = async () => {
    dirty = false;
    status.textContent = status.dataset.saving;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      const body = await answer.json();
      if (answer.ok) {
        form.elements.version.value = body.version;
        status.textContent = status.dataset.saved;
      } else {
        status.textContent = body.text || status.dataset.failed;
      }
    } catch {
      dirty = true;
      status.textContent = status.dataset.failed;
    }
  };
  form.addEventListener("input", () => { dirty = true; clearTimeout(timer); timer = setTimeout(save, 3000); });
  form.addEventListener("submit", () => { dirty = false; clearTimeout(timer); });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  const goal = form.elements.goal;
  const coach = document.querySelector("[data-coach]");
  if (goal && coach) {
    const ask = async () => {
      const query = new URLSearchParams({ goal: goal.value, category: form.elements.category.value });
      const answer = await fetch(`${coach.dataset.coach}?${query}`, { headers: { "HX-Request": "true" } });
      if (answer.ok) coach.innerHTML = await answer.text();
    };
    goal.addEventListener("change", ask);
    form.elements.category.addEventListener("change", ask);
  }
}
