// Where the device is, asked for only when somebody presses the button; what it says goes into the form's two fields.
for (const button of document.querySelectorAll("[data-here]")) {
  if (!navigator.geolocation) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const said = document.querySelector("[data-here-said]");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.form.elements.latitude.value = coords.latitude.toFixed(6);
        button.form.elements.longitude.value = coords.longitude.toFixed(6);
        if (said) said.textContent = said.dataset.found;
      },
      () => { if (said) said.textContent = said.dataset.failed; },
      { enableHighAccuracy: true, timeout: 10000 },
    );
  });
}
