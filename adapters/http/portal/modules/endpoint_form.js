// The form that adds or changes an endpoint.

/** @param shared what scripts/70-modules.js shares. @return the parts by name */
export default function endpointForm(shared) {
    const { html, useState, useRef, useLoad, api, query, t, visible, number, plural, pretty, can, isRead, isPattern, matchesPattern, endpointHref, subscriptionPath, addressNotAllowed,
            Act, Details, Field, Head, Icon, Lazy, Loaded, Problem, Select, State, Text, grouped, loadType, knownTypes, TypeMark, DeprecationBanner, isOperator, sayThere } = shared;

    const f = {
        addTitle: "Add endpoint", editTitle: (name) => `Edit ${name}`,
        name: "Name", nameHint: "How you recognise it here.", nameMissing: "Enter a name of 1 to 256 characters.", urlMissing: "Enter the URL that receives the events.",
        user: "User", userHint: "Whose endpoint it is. Leave empty for one of your own.",
        scope: "Events about everyone", scopeHint: "What happens to the endpoints of all users, and to workers. Only operators see such an endpoint, and this cannot be changed later.",
        scopeNeeded: "Events about workers are only for operators: this endpoint gets what happens to all users and to workers. This cannot be changed later.",
        delivery: "Delivery",
        deliveryHints: { push: "We send each event to your server. This cannot be changed later.",
                         pull: "Nothing is sent: your reader asks for events when it wants, also from behind a firewall. This cannot be changed later." },
        url: "URL", urlHint: "Where we send POST requests. It must be reachable from the internet.",
        type: "Event type", typeHint: "One type, a group such as order.*, or * for everything.",
        all: "All event types", patterns: "Several types", pattern: (prefix) => `all that begin with ${prefix}.`, types: "Event types",
        matches: (n) => `Matches ${plural(n, "event type", "event types")}`,
        contents: "Example and schema", choose: (name) => `Choose ${name}`,
        retiredHint: "No event of this type is published any more. This endpoint keeps it until you choose another.",
        filter: "Filter", filterHint: "A condition on the payload, such as payload/total ge 100. Leave empty to receive all events of the type.",
        trial: { title: "Try the filter", example: "Example payload", exampleHint: "JSON, as your endpoint would receive it.",
                 tryExample: "Try the example", tryEvents: "Try the last 100 events", notJson: "This is not JSON.",
                 matched: "It lets the example through.", filtered: "It does not let the example through.",
                 events: (n, of) => of === 0 ? "There are no events to try it on yet." : `It lets ${n} of the last ${plural(of, "event", "events")} through.`,
                 results: { true: ["delivered", "holds"], false: ["failed", "does not hold"], unknown: ["inactive", "unknown"] },
                 found: (value) => value === null ? "absent" : value },
        advanced: "Headers, retries and limits",
        headers: "Custom headers", headersHint: "One per line, as Name: value.",
        retries: "Retries", retriesHint: "After the first attempt, 0 to 100.",
        rate: "Requests per second", rateHint: "Leave empty for no limit.",
        timeout: "Timeout in seconds", timeoutHint: "1 to 60; leave empty for the default.",
        save: "Save",
        headerWrong: (line) => `Line ${line} is not of the form Name: value.`,
        numberWrong: "Enter a whole number.",
        saved: (name) => `${name} was saved.`,
    };

    const headerText = (headers) => Object.entries(JSON.parse(headers || "{}")).map(([name, value]) => `${name}: ${value}`).join("\n");

    /** @return the headers, or a text that says what is wrong. */
    function readHeaders(text) {
        const headers = {};
        for (const [i, line] of text.split("\n").entries()) {
            if (line.trim() === "") continue;
            const colon = line.indexOf(":");
            if (colon < 1) return f.headerWrong(i + 1);
            headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
        }
        return headers;
    }

    const draftOf = (subscription, eventType) => subscription
        ? { delivery: subscription.delivery ?? "push", name: subscription.name, url: subscription.url, eventType: subscription.eventType, filter: subscription.filter ?? "", headers: headerText(subscription.headers),
            maxRetryCount: String(subscription.maxRetryCount), rateLimit: subscription.rateLimit ? String(subscription.rateLimit) : "",
            timeoutSeconds: subscription.timeoutSeconds ? String(subscription.timeoutSeconds) : "" }
        : { delivery: "push", name: "", url: "", eventType, filter: "", headers: "", maxRetryCount: "9", rateLimit: "", timeoutSeconds: "" };

    /** @return [what is sent, what is wrong by field] */
    function readDraft(draft) {
        const wrong = {};
        if (draft.name === "") wrong.name = f.nameMissing;
        if (!isRead(draft) && draft.url.trim() === "") wrong.url = f.urlMissing;
        const body = { delivery: draft.delivery, name: draft.name, eventType: draft.eventType, filter: draft.filter.trim() };
        if (isRead(draft)) return [body, wrong];
        body.url = draft.url.trim();
        for (const name of ["maxRetryCount", "rateLimit", "timeoutSeconds"]) {
            const text = draft[name].trim();
            if (text !== "" && !/^\d+$/.test(text)) wrong[name] = f.numberWrong;
            body[name] = text === "" ? null : Number(text);
        }
        body.headers = readHeaders(draft.headers);
        if (typeof body.headers === "string") wrong.headers = body.headers;
        return [body, wrong];
    }

    // ---- The choice of a type or a pattern.

    /** As options of a select. @param chosen stays, also if it was retired */
    function typeOptions(types, chosen) {
        const prefixes = new Map();
        for (const { name } of types) {
            const prefix = name.slice(0, name.indexOf(".") + 1);
            if (prefix) prefixes.set(prefix, (prefixes.get(prefix) ?? 0) + 1);
        }
        const patterns = [["*", f.all]];
        for (const [prefix, n] of prefixes) {
            if (n > 1) patterns.push([`${prefix}*`, `${prefix}* · ${f.pattern(prefix.slice(0, -1))}`]);
        }
        if (isPattern(chosen) && !patterns.some(([value]) => value === chosen)) patterns.push([chosen, visible(chosen)]);
        const one = (type) => [type.name, [visible(type.isDeprecated ? t.types.marked(type.name, t.state.deprecated) : type.name), visible(type.description)].filter(Boolean).join(" · ")];
        const groups = grouped(types).map(([group, members]) => [visible(group), members.map(one)]);
        const isKnown = isPattern(chosen) || types.some(({ name }) => name === chosen);
        return [...(isKnown ? [] : [[chosen, t.types.marked(visible(chosen), t.state.retired)]]), [f.patterns, patterns], ...groups];
    }

    /** What is known of a type before one subscribes to it. */
    function ChosenType({ types, name, onChoose }) {
        const type = types.find((each) => each.name === name);
        const retired = useLoad(async () => isPattern(name) || type ? null : loadType(name).then(() => null, (error) => error.message), [name]);
        if (isPattern(name)) {
            const matching = types.filter((each) => matchesPattern(name, each));
            return html`<${Details} summary=${f.matches(matching.length)}>${() => html`<ul class="plain">${matching.map((each) =>
                html`<li><span class="facts"><code>${visible(each.name)}</code><${TypeMark} type=${each} /></span> <span class="mute">${visible(each.description)}</span></li>`)}</ul>`}<//>`;
        }
        if (!type) return html`<div class="banner mute"><${Icon} name="off" /><div><strong>${visible(retired.data ?? t.state.retired)}</strong><p>${f.retiredHint}</p></div></div>`;
        const { successor } = type.deprecation ?? {};
        return html`${type.isDeprecated && html`<${DeprecationBanner} type=${type} use=${successor && html`<button type="button" class="small" onClick=${() => onChoose(successor)}>${f.choose(visible(successor))}</button>`} />`}
            ${(type.schema || type.example !== undefined) && html`<${Details} key=${name} summary=${f.contents}>${() => html`<${Lazy} module="event_types" part="Contents" name=${name} />`}<//>`}`;
    }

    // ---- The form.

    /** Tries a filter on an example, which is sent as it is written, or on the events of an endpoint. */
    function FilterTrial({ id, filter, eventType, type }) {
        const r = f.trial;
        const [example, setExample] = useState(null);
        const known = useLoad(async () => type?.example === undefined ? "{}" : pretty((await loadType(type.name)).example), [type]);
        const shown = example ?? known.data ?? "{}";
        const [wrong, setWrong] = useState();
        const [result, setResult] = useState({});
        const ask = async (body) => {
            setWrong();
            setResult(await api.post("filters/test", body).catch((error) => ({ error: new Error(Object.values(error.errors ?? {}).flat().join(" ") || error.message) })));
        };
        const tryExample = async () => {
            try {
                JSON.parse(shown);
            } catch {
                return setWrong(r.notJson);
            }
            await ask(`{"filter":${JSON.stringify(filter)},"eventType":${JSON.stringify(eventType.includes("*") ? "" : eventType)},"payload":${shown}}`);
        };
        const { error, matches, conditions, matched, of } = result;
        return html`<details class="trial"><summary>${r.title}</summary>
            <${Field} label=${r.example} hint=${r.exampleHint} error=${wrong}>${(given) =>
                html`<textarea ...${given} rows="4" spellcheck="false" value=${shown} onInput=${(event) => setExample(event.target.value)}></textarea>`}<//>
            <div class="buttons"><${Act} onDo=${tryExample}>${r.tryExample}<//>
                ${id && can("events:read") && html`<${Act} onDo=${() => ask({ filter, subscriptionId: id })}>${r.tryEvents}<//>`}</div>
            <div role="status">${error && html`<${Problem} error=${error} />`}
                ${of !== undefined && r.events(number(matched), of)}
                ${conditions && html`<strong>${matches ? r.matched : r.filtered}</strong>
                    <ul>${conditions.map(({ text, value, result: is }) => html`<li><code>${visible(text)}</code> <${State} is=${r.results[is][0]}>${r.results[is][1]}<//>
                        <code class="mute">${visible(r.found(value))}</code></li>`)}</ul>`}</div></details>`;
    }

    /** @param eventType what is chosen at first in a new one @param user whose it is, at first */
    function EndpointForm({ id, eventType, user }) {
        const given = useLoad(async () => {
            const [types, one] = await Promise.all([knownTypes(), id ? api.get(subscriptionPath(id)) : {}]);
            return { types, subscription: one.subscription };
        }, [id]);
        return html`<${Loaded} of=${given} lines=${8}>${({ types, subscription }) =>
            html`<${EndpointFields} types=${types} subscription=${subscription} eventType=${eventType} user=${user} />`}<//>`;
    }

    /** Whose an endpoint is, which only operators choose: events about workers go to no user. */
    function Owner({ draft, set, wrong, needsScope }) {
        const isOperational = draft.eventType.startsWith("webhook.");
        return html`${isOperational && html`<div class="field"><label class="check"><input type="checkbox" checked=${needsScope || draft.operatorScope} disabled=${needsScope} aria-describedby="scope-hint"
                onChange=${(event) => set("operatorScope")(event.target.checked)} />${f.scope}</label><p class="hint" id="scope-hint">${needsScope ? f.scopeNeeded : f.scopeHint}</p></div>`}
            ${!(isOperational && (needsScope || draft.operatorScope)) && html`<${Text} label=${f.user} hint=${f.userHint} value=${draft.userId} onInput=${set("userId")} error=${wrong.userId} maxlength="256" autocomplete="off" />`}`;
    }

    function EndpointFields({ types, subscription, eventType = "*", user = "" }) {
        const [draft, setDraft] = useState(() => ({ ...draftOf(subscription, eventType), userId: user, operatorScope: false }));
        const [wrong, setWrong] = useState({});
        const [problem, setProblem] = useState(null);
        const [isBusy, setBusy] = useState(false);
        const [isAdvanced, setAdvanced] = useState(false);
        const form = useRef();
        const set = (name) => (value) => setDraft((before) => ({ ...before, [name]: value }));
        const reject = (errors) => {
            setWrong(errors);
            if (errors.headers || errors.maxRetryCount || errors.rateLimit || errors.timeoutSeconds) setAdvanced(true);
            setTimeout(() => form.current?.querySelector("[aria-invalid]")?.focus());
        };
        const save = async (event) => {
            event.preventDefault();
            setProblem(null);
            const [body, errors] = readDraft(draft);
            const hasScope = choosesOwner && draft.eventType.startsWith("webhook.") && (needsScope || draft.operatorScope);
            if (hasScope) body.operatorScope = true;
            if (Object.keys(errors).length > 0) return reject(errors);
            setBusy(true);
            try {
                const answer = subscription ? await api.put(subscriptionPath(subscription.id), { subscription: body })
                                            : await api.post("subscriptions" + query({ userId: choosesOwner && !hasScope ? draft.userId : "" }), { subscription: body });
                sayThere(f.saved(answer.subscription.name), endpointHref(answer.subscription.id, subscription ? "" : "/created"));
            } catch (error) {
                setBusy(false);
                const fields = Object.fromEntries(Object.entries(error.errors ?? {}).map(([name, texts]) =>
                    [name.replace(/^subscription\.?/, "").replace(/[.[].*$/, ""), texts.join(" ")]));
                if (fields.name) fields.name = f.nameMissing;
                if (isOperator() && addressNotAllowed.test(fields.url)) fields.url += ` ${t.allowAddress}`;
                reject(fields);
                if (!Object.keys(fields).some((name) => name in draft)) setProblem(error);
            }
        };
        const described = types.find(({ name }) => name === draft.eventType);
        const choosesOwner = isOperator() && !subscription;
        const needsScope = draft.eventType.startsWith("webhook.worker.");
        return html`<${Head} title=${subscription ? f.editTitle(subscription.name) : f.addTitle} back=${subscription ? [endpointHref(subscription.id), subscription.name] : ["#/endpoints", t.endpoints.title]} />
            <form class="sheet" ref=${form} onSubmit=${save} novalidate>
                <${Text} label=${f.name} hint=${f.nameHint} value=${draft.name} onInput=${set("name")} error=${wrong.name} autocomplete="off" required />
                ${!subscription && html`<${Select} label=${f.delivery} hint=${f.deliveryHints[draft.delivery]} value=${draft.delivery} onInput=${set("delivery")} error=${wrong.delivery} options=${Object.entries(t.endpoint.deliveries)} />`}
                ${!isRead(draft) && html`<${Text} label=${f.url} hint=${f.urlHint} type="url" value=${draft.url} onInput=${set("url")} error=${wrong.url} placeholder="https://example.com/webhooks" autocomplete="off" required />`}
                <${Select} label=${f.type} hint=${described?.description ? visible(described.description) : f.typeHint} value=${draft.eventType} onInput=${set("eventType")} error=${wrong.eventType} options=${typeOptions(types, subscription?.eventType ?? draft.eventType)} />
                <${ChosenType} types=${types} name=${draft.eventType} onChoose=${set("eventType")} />
                ${choosesOwner && html`<${Owner} draft=${draft} set=${set} wrong=${wrong} needsScope=${needsScope} />`}
                <${Field} label=${f.filter} hint=${f.filterHint} error=${wrong.filter}>${(given) =>
                    html`<textarea ...${given} rows="2" spellcheck="false" value=${draft.filter} onInput=${(event) => set("filter")(event.target.value)}></textarea>`}<//>
                ${draft.filter.trim() && can("subscriptions:read") && html`<${FilterTrial} id=${subscription?.id} filter=${draft.filter.trim()} eventType=${draft.eventType} type=${described} />`}
                ${!isRead(draft) && html`<details open=${isAdvanced} onToggle=${(event) => setAdvanced(event.target.open)}><summary>${f.advanced}</summary>
                    <${Field} label=${f.headers} hint=${f.headersHint} error=${wrong.headers}>${(attributes) =>
                        html`<textarea ...${attributes} rows="3" spellcheck="false" value=${draft.headers} onInput=${(event) => set("headers")(event.target.value)}></textarea>`}<//>
                    <div class="row"><${Text} label=${f.retries} hint=${f.retriesHint} inputmode="numeric" value=${draft.maxRetryCount} onInput=${set("maxRetryCount")} error=${wrong.maxRetryCount} />
                    <${Text} label=${f.rate} hint=${f.rateHint} inputmode="numeric" value=${draft.rateLimit} onInput=${set("rateLimit")} error=${wrong.rateLimit} />
                    <${Text} label=${f.timeout} hint=${f.timeoutHint} inputmode="numeric" value=${draft.timeoutSeconds} onInput=${set("timeoutSeconds")} error=${wrong.timeoutSeconds} /></div></details>`}
                ${problem && html`<${Problem} error=${problem} />`}
                <div class="buttons"><button class="main" disabled=${isBusy}>${f.save}</button>
                    <a class="button" href=${subscription ? endpointHref(subscription.id) : "#/endpoints"}>${t.cancel}</a></div></form>`;
    }

    return { EndpointForm };
}
