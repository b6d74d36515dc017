// How much is unread, as it changes; where sockets do not come through the next page tells.
const places = document.querySelectorAll("[data-unread]");
const news = document.querySelector("[data-news]");
if (places.length) {
  let known = Number(places[0].textContent);
  const show = ({ unread }) => {
    for (const place of places) {
      place.textContent = unread;
      place.hidden = unread === 0;
    }
    if (news && unread > known) news.hidden = false;
    known = unread;
  };
  let wait = 1000;
  const connect = () => {
    const base = places[0].dataset.sockets || location.origin.replace(/^http/, "ws");
    const socket = new WebSocket(`${base}/ws/inbox/`);
    socket.onmessage = (message) => { wait = 1000; show(JSON.parse(message.data)); };
    socket.onclose = ({ code }) => {
      if (code === 4401 || code === 4404) return; // signed out: there is nothing to hear
      setTimeout(connect, wait + Math.random() * 1000);
      wait = Math.min(wait * 2, 60000);
    };
  };
  connect();
}
