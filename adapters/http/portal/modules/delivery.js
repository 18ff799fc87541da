// One event of an endpoint: its attempts, its payload, and the request.

/** @param shared what scripts/70-modules.js shares. @return the parts by name */
export default function deliveryPages(shared) {
    const { html, useState, useMemo, useLoad, useRefresh, api, t, visible, milliseconds, pretty, can, isRead, endpointHref, subscriptionPath, statusOf, looks, addressNotAllowed,
            Act, Code, Confirm, CopyButton, Icon, Loaded, NextAttempt, State, Time, download, isOperator, say, sayThere } = shared;

    const d = {
        resend: "Resend", remove: "Delete", resent: (id) => `Event ${id} will be resent.`, removed: (id) => `Event ${id} was deleted.`,
        attempts: "Attempts", noAttempts: "No attempt has ended yet.",
        attempt: (n) => `Attempt ${n}`,
        took: "Took", response: "Response", body: "Response body", headers: "Response headers", address: "Address",
        phases: { lookup: "DNS lookup", connect: "Connect", tls: "TLS", firstByte: "First byte" },
        next: "Next attempt",
        key: "Ordering key",
        behind: "waits for",
        payload: "Payload", pretty: "Pretty", raw: "Raw", download: "Download",
        cut: (n) => `Shown are the first ${n} KiB; download it to see all.`,
        bodyCut: "Cut at 4 KiB.",
        payloadGone: "The payload can no longer be read: the key that it was encrypted with was deleted.",
        changedSince: (time) => ["The endpoint was changed ", time, ", after this event was published: it may have been sent elsewhere."],
        request: "Request", requestHint: "URL and your own headers as they are configured now; the time is that of the latest attempt. Signatures are not kept.",
        feed: "In the feed", feedHint: "Nothing is sent: readers get this event from the feed.", webhookId: "webhook-id", contentType: "Content type", readers: "How to read the feed",
        notKept: "(not kept)", notSent: "(set when it is sent)",
        explain: [
            [/^address not allowed/, "Nothing is sent to private or reserved addresses. Enter a URL that the internet can reach."],
            [/^could not resolve/, "The host name could not be resolved. Check its DNS records."],
            [/^connection refused/, "Nothing listens at this address and port."],
            [/^connection timed out|^could not connect/, "No connection was established. A firewall may block it, or nothing runs at this address."],
            [/TLS|certificate/, "The TLS connection failed. Check that the certificate is valid, complete and for this name."],
            [/^no response/, "Your server did not answer in time. Answer first, and do slow work afterwards."],
            [/^connection/, "The connection ended before a response. A proxy or a crash may be the cause."],
            [/^malformed|^response headers|interim/, "What your server answered is not valid HTTP."],
            [/secret/, "The signing secret does not work. Rotate it."],
            [/^cancelled/, "It was not sent, because the endpoint was deactivated, changed or deleted."],
            [/^expired/, "It was not sent, because its time had passed."],
        ],
        codes: { 3: "Redirects are not followed. Enter the final URL.",
                 401: "Your server asks for credentials. Add them as a custom header.",
                 404: "Your server knows nothing at this path.",
                 410: "Gone: the endpoint was deactivated by this answer.",
                 429: "Your server asked for fewer requests: nothing is sent for as long as its Retry-After says.",
                 4: "Your server rejected the request.",
                 5: "Your server failed while it handled the request." },
    };

    /** What a person can do about a failure. */
    function explanation(attempt) {
        if (attempt.outcome === "delivered") return null;
        const code = attempt.statusCode;
        if (code) return d.codes[code] ?? d.codes[Math.floor(code / 100)];
        if (isOperator() && addressNotAllowed.test(attempt.errorMessage)) return t.allowAddress;
        return d.explain.find(([pattern]) => pattern.test(attempt.errorMessage ?? ""))?.[1];
    }

    const attemptState = { delivered: "delivered", retry: "failed", exhausted: "failed", cancelled: "cancelled", expired: "expired" };

    function Attempt({ attempt }) {
        const row = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
        const phases = Object.entries(attempt.phasesMs ?? {}).filter(([, ms]) => ms !== null);
        const headers = Object.entries(attempt.responseHeaders ?? {});
        const why = explanation(attempt);
        return html`<li class=${looks[attemptState[attempt.outcome]][1]}><div class="attempt-head"><h3>${d.attempt(attempt.number)}</h3>
                <${State} is=${attemptState[attempt.outcome]} />${attempt.statusCode && html`<code>${attempt.statusCode}</code>`}
                <${Time} at=${attempt.sentAt} /><span class="mute">${milliseconds(attempt.durationMs)}</span></div>
            ${attempt.errorMessage && html`<p class="why"><strong>${visible(attempt.errorMessage)}</strong>${why && html` ${why}`}</p>`}
            <dl class="settings">
                ${attempt.address && row(d.address, html`<code>${visible(attempt.address)}</code>`)}
                ${phases.length > 0 && row(d.took, phases.map(([name, ms]) => `${d.phases[name]} ${milliseconds(ms)}`).join(" · "))}
                ${headers.length > 0 && row(d.headers, html`<ul class="plain">${headers.map(([name, value]) => html`<li><code>${visible(name)}: ${visible(value)}</code></li>`)}</ul>`)}</dl>
            ${attempt.response && html`<details><summary>${d.body}</summary><${Code} label=${d.body} text=${attempt.response} />${attempt.response.length >= 4096 && html`<p class="mute">${d.bodyCut}</p>`}</details>`}</li>`;
    }

    const shownBytes = 64 * 1024;

    function Payload({ event }) {
        const [isRaw, setRaw] = useState(false);
        const isCut = event.payload.length > shownBytes;
        const text = isCut ? event.payload.slice(0, shownBytes) : event.payload;
        const shown = useMemo(() => (isRaw ? text : pretty(text)), [text, isRaw]);
        return html`<section><div class="title"><h2>${d.payload}</h2><div class="choice buttons" role="group" aria-label=${d.payload}>
                <button type="button" class="small" aria-pressed=${!isRaw} onClick=${() => setRaw(false)}>${d.pretty}</button>
                <button type="button" class="small" aria-pressed=${isRaw} onClick=${() => setRaw(true)}>${d.raw}</button>
                <${CopyButton} text=${event.payload} /><button type="button" class="quiet small" onClick=${() => download(event.payload, `event-${event.id}.txt`)}>${d.download}</button></div></div>
            <${Code} label=${d.payload} text=${shown} copied=${null} />${isCut && html`<p class="mute">${d.cut(shownBytes / 1024)}</p>`}</section>`;
    }

    function requestLines(subscription, event) {
        const sent = event.attempts.findLast(({ outcome }) => outcome !== "cancelled" && outcome !== "expired");
        return [`POST ${subscription.url}`, `content-type: ${event.contentType}`, `webhook-id: ${event.webhookId ?? d.notKept}`,
            `webhook-timestamp: ${sent ? Math.floor(new Date(sent.sentAt) / 1000) : d.notSent}`, `webhook-signature: ${d.notKept}`,
            ...Object.keys(JSON.parse(subscription.headers || "{}")).map((name) => `${name}: ••••`)];
    }

    /** In place of attempts: how readers know an event that is not sent. */
    function InFeed({ subscription, event }) {
        const row = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
        return html`<section><h2>${d.feed}</h2><p>${d.feedHint}</p><dl class="settings">
            ${event.webhookId && row(d.webhookId, html`<span class="secret"><code>${visible(event.webhookId)}</code><${CopyButton} text=${event.webhookId} /></span>`)}
            ${event.contentType && row(d.contentType, html`<code>${visible(event.contentType)}</code>`)}</dl>
            ${can("feed:read") && html`<p><a href=${endpointHref(subscription.id, "/feed")}>${d.readers}</a></p>`}</section>`;
    }

    function Delivery({ subscription, event: id }) {
        const path = subscriptionPath(subscription.id, `/events/${id}`);
        const one = useLoad(async () => (await api.get(path)).event, [path]);
        const [isRemoving, setRemoving] = useState(false);
        useRefresh(one.data && statusOf(one.data) === "waiting", one.reload, 250);
        const list = endpointHref(subscription.id, "/deliveries");
        const resend = async () => {
            await api.post(`${path}/retry`);
            say(d.resent(id));
            one.reload(true);
        };
        const remove = async () => {
            await api.delete(path);
            sayThere(d.removed(id), list);
        };
        const [removeTitle, removeText] = t.confirm.removeEvent(id, isRead(subscription));
        return html`<${Loaded} of=${one} lines=${8}>${(event) => html`
            <div class="title"><h2>${t.deliveries.event(event.id)}</h2><div class="buttons">${can("events:send") && html`${!isRead(subscription) && html`<${Act} class="main" onDo=${resend}>${d.resend}<//>`}
                <button type="button" onClick=${() => setRemoving(true)}>${d.remove}</button>`}</div></div>
            <p class="facts"><${State} is=${statusOf(event)} /><code>${visible(event.eventType)}</code><${Time} at=${event.createdAt} />
                ${event.nextRetryAt && !event.blockedBy && html`<span>${d.next}: <${NextAttempt} event=${event} subscription=${subscription} /></span>`}
                ${event.orderingKey && html`<span>${d.key}: <code>${visible(event.orderingKey)}</code>${event.blockedBy && html` ${d.behind} <a href=${`${list}/${event.blockedBy}`}>${event.blockedBy}</a>`}</span>`}</p>
            <div class="delivery">${isRead(subscription) ? html`<${InFeed} subscription=${subscription} event=${event} />` : html`<section><h2>${d.attempts}</h2>${event.attempts.length === 0 ? html`<p class="mute">${d.noAttempts}</p>`
                : html`<ol class="timeline">${[...event.attempts].reverse().map((attempt) => html`<${Attempt} key=${attempt.number} attempt=${attempt} />`)}</ol>`}</section>`}
            <div>${event.isPayloadGone ? html`<section><h2>${d.payload}</h2><p class="mute">${d.payloadGone}</p></section>` : html`<${Payload} event=${event} />`}
            ${!isRead(subscription) && html`<section><h2>${d.request}</h2><p class="mute">${d.requestHint}</p>
                ${subscription.updatedAt > event.createdAt && html`<p class="facts"><${Icon} name="warning" /><span>${d.changedSince(html`<${Time} at=${subscription.updatedAt} />`)}</span></p>`}<${Code} label=${d.request} text=${
                requestLines(subscription, event).join("\n")} /></section>`}</div></div>`}<//>
            ${isRemoving && html`<${Confirm} title=${removeTitle} text=${removeText} action=${d.remove} isGrave onDo=${remove} onClose=${() => setRemoving(false)} />`}`;
    }

    return { Delivery };
}
