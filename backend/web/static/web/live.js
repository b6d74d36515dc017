// The bar of a campaign as it moves: a socket, and a poll every ten seconds where sockets do not come through.
const host = document.querySelector("[data-live]");
if (host) {
  const show = (figures) => {
    const yuan = (fen) => "¥" + Math.floor(fen / 100).toLocaleString("en") + (fen % 100 ? "." + String(fen % 100).padStart(2, "0") : "");
    for (const [name, text] of [["raised", yuan(figures.raised_fen)], ["percent", figures.percent + "%"], ["pledges", String(figures.pledges)]]) {
      for (const place of document.querySelectorAll(`[data-figure=${name}]`)) place.textContent = text;
    }
    for (const bar of document.querySelectorAll("progress[data-figure-bar]")) bar.value = Math.min(100, figures.percent);
    if (host.dataset.state !== figures.state) location.reload();
  };
  let wait = 1000;
  let polling = 0;
  const poll = async () => {
    try {
      const answer = await fetch(host.dataset.poll, { headers: { Accept: "application/json" } });
      if (answer.ok) show(await answer.json());
    } catch { /* the next turn tries again */ }
  };
  const connect = () => {
    const base = host.dataset.sockets || location.origin.replace(/^http/, "ws");
    const socket = new WebSocket(`${base}/ws/campaigns/${host.dataset.live}/`);
    socket.onmessage = (message) => { wait = 1000; clearInterval(polling); polling = 0; show(JSON.parse(message.data)); };
    socket.onclose = () => {
      if (!polling) polling = setInterval(poll, 10000);
      setTimeout(connect, wait + Math.random() * 1000);
      wait = Math.min(wait * 2, 60000);
    };
  };
  connect();
}
