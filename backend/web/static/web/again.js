// A part of a page that is still being made: asked for again every two seconds until it says that it is there.
const again = (place) => setTimeout(async () => {
  const reply = await fetch(place.dataset.again, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (reply && reply.ok) {
    const made = new DOMParser().parseFromString(await reply.text(), "text/html").body.firstElementChild;
    place.replaceWith(made);
    place = made;
  }
  if (place.dataset.again) again(place);
}, 2000);
document.querySelectorAll("[data-again]").forEach(again);
