const html = htm.bind(preact.h);
preact.render(html`<p>Loading…</p>`, document.getElementById("portal"));
