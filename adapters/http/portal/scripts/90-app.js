// Where one is (by the address's fragment), who one is, and the frame around every page.

const routes = [
    [/^endpoints$/, () => html`<${Endpoints} />`, "endpoints"],
    [/^endpoints\/new(?:\/([^/]+))?$/, (type) => html`<${Lazy} module="endpoint_form" part="EndpointForm" key=${`new/${type}`} eventType=${type && decodeURIComponent(type)} />`, "endpoints"],
    [/^endpoints\/(\d+)\/edit$/, (id) => html`<${Lazy} module="endpoint_form" part="EndpointForm" key=${id} id=${id} />`, "endpoints"],
    [/^endpoints\/(\d+)\/created$/, (id) => html`<${Created} key=${id} id=${id} />`, "endpoints"],
    [/^endpoints\/(\d+)$/, (id) => html`<${Endpoint} key=${id} id=${id} tab="overview" />`, "endpoints"],
    [/^endpoints\/(\d+)\/deliveries$/, (id) => html`<${Endpoint} key=${id} id=${id} tab="deliveries" />`, "endpoints"],
    [/^endpoints\/(\d+)\/deliveries\/(\d+)$/, (id, event) => html`<${Endpoint} key=${id} id=${id} tab="deliveries" event=${event} />`, "endpoints"],
    [/^endpoints\/(\d+)\/feed$/, (id) => html`<${Endpoint} key=${id} id=${id} tab="feed" />`, "endpoints"],
    [/^endpoints\/(\d+)\/verify$/, (id) => html`<${Endpoint} key=${id} id=${id} tab="verify" />`, "endpoints"],
    [/^event-types$/, () => html`<${Lazy} module="event_types" part="EventTypes" />`, "types"],
    [/^event-types\/([^/]+)$/, (name) => html`<${Lazy} module="event_types" part="EventType" name=${decodeURIComponent(name)} />`, "types"],
    [/^new-event-type$/, () => html`<${Lazy} module="event_type_editor" part="Form" key="new" />`, "types"],
    [/^event-types\/([^/]+)\/edit$/, (name) => html`<${Lazy} module="event_type_editor" part="Form" key=${name} name=${decodeURIComponent(name)} />`, "types"],
    [/^keys\/new\/([^/]+)\/(\d+)$/, (user, id) => html`<${Lazy} module="operator" part="Keys" key=${`${user}/${id}`} newFor=${{ user: decodeURIComponent(user), subscription: id }} />`, "keys"],
    ...["Overview", "Failing", "Users", "Workers", "Keys", "Audit"].map((part) => [new RegExp(`^${part.toLowerCase()}$`), () => html`<${Lazy} module="operator" part=${part} />`, part.toLowerCase()]),
    [/^users\/([^/]+)\/new$/, (user) => html`<${Lazy} module="endpoint_form" part="EndpointForm" key=${`new for ${user}`} user=${decodeURIComponent(user)} />`, "users"],
    [/^users\/(.+)$/, (user) => html`<${Endpoints} key=${user} user=${decodeURIComponent(user)} />`, "users"],
];

const isOperator = () => isAdministrator() && session.view === "operator" && config.showOperator !== false;
const home = () => (isOperator() ? "overview" : "endpoints");

function find(path) {
    for (const [pattern, page, section] of routes) {
        const found = pattern.exec(path);
        if (found) return { page: page(...found.slice(1)), section };
    }
    return { page: html`<${Head} title=${t.missing} />`, section: null };
}

function useAddress() {
    const read = () => location.hash.replace(/^#\/?/, "");
    const [address, setAddress] = useState(read);
    useEffect(() => {
        const change = () => setAddress(read());
        addEventListener("hashchange", change);
        return () => removeEventListener("hashchange", change);
    }, []);
    return address;
}

function Frame({ children, section, onSignOut }) {
    const [, redraw] = useState(0);
    const items = [...(isOperator() ? [["overview", "#/overview"], ["failing", "#/failing"], ["users", "#/users"], ["workers", "#/workers"], ["keys", "#/keys"], ["audit", "#/audit"]] : []), ["endpoints", "#/endpoints"], ["types", "#/event-types"]];
    const toggle = () => {
        times.utc = !times.utc;
        redraw((n) => n + 1);
        dispatchEvent(new Event("webhooks.times"));
    };
    return html`<a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.querySelector("main h1")?.focus(); }}>${t.skip}</a>
        <header class="top"><div class="wide"><span class="brand">${config.brand.hasLogo && html`<img src="logo" alt="" />`}${visible(config.brand.name || t.product)}</span>
            ${section !== undefined && html`<nav aria-label=${t.nav.label}>${items.map(([key, href]) => html`<a href=${href} aria-current=${key === section ? "page" : undefined}>${t.nav[key]}</a>`)}</nav>
            <span class="end"><button type="button" class="quiet small" aria-pressed=${times.utc} title=${t.utcHint} onClick=${toggle}>${t.utc}</button>
            <button type="button" class="quiet small" onClick=${onSignOut}>${t.signOut}</button></span>`}</div></header>
        <main class="wide">${children}</main>`;
}

/** A session that ended, or a link that began none: what one can do about it. */
function Ended({ isLink }) {
    const who = visible(config.brand.name || t.linkNobody);
    return html`<${Head} title=${isLink ? t.linkUsed : t.sessionEnded} lead=${isLink ? t.linkUsedHint(who) : t.sessionEndedHint} />
        ${config.brand.homeUrl && html`<p><a class="button main" href=${config.brand.homeUrl}>${t.goHome(visible(config.brand.name || t.product))}</a></p>`}`;
}

function SignIn({ onDone }) {
    const [key, setKey] = useState("");
    const [wrong, setWrong] = useState(null);
    const s = t.signIn;
    const enter = async (event) => {
        event.preventDefault();
        session.key = key.trim();
        try {
            await identify();
            onDone();
        } catch (error) {
            session.key = null;
            setWrong(error.status === 401 ? s.wrong : error.message);
        }
    };
    return html`<${Head} title=${s.title} lead=${s.hint} /><form class="sheet" onSubmit=${enter}><${Text} label=${s.field} type="password" autocomplete="off" value=${key} onInput=${setKey} error=${wrong} />
        <div class="buttons"><button class="main">${s.button}</button></div></form>`;
}

// ---- Sessions.

const sessionCall = (method, body) => call(method, "/portal/session", { base: "..", body });

async function identify() {
    const { session: found } = await sessionCall("GET");
    Object.assign(session, { user: found.userId, permissions: found.permissions, view: found.view ?? "user" });
}

/** Trades the code of a link for a token. A code that was used before leaves the tab's token as it is. @return whether it was rejected */
async function enterByLink() {
    const found = /^#code=([\w-]+)$/.exec(location.hash);
    if (!found) return false;
    history.replaceState(null, "", location.pathname + location.search);
    try {
        const { session: made } = await sessionCall("POST", { code: found[1] });
        tokenStore.set(made.token);
        return false;
    } catch (error) {
        if (error.status !== 401) throw error;
        return true;
    }
}

/** Tells the page around an iframe; only if it is known who that is. */
function tellParent(message) {
    if (parent === window) return;
    let origin = location.ancestorOrigins?.[0];
    if (!origin && document.referrer) origin = new URL(document.referrer).origin;
    if (origin) parent.postMessage(message, origin);
}

/** @param before "nobody" without a link or token, "link" if a link was rejected, "ended" if a token was */
function App({ before }) {
    const address = useAddress();
    const [who, setWho] = useState(session.permissions.length > 0 ? "someone" : before);
    const [, redraw] = useState(0);
    useEffect(() => {
        const change = () => redraw((n) => n + 1);
        addEventListener("webhooks.times", change);
        onSessionEnd = () => {
            tokenStore.set(null);
            session.key = null;
            setWho("ended");
        };
        return () => removeEventListener("webhooks.times", change);
    }, []);
    useEffect(() => {
        if (who === "ended" || who === "link") tellParent({ type: "webhooks.sessionEnded" });
    }, [who]);
    const found = who === "someone" ? find(address || home()) : null;
    useEffect(() => {
        if (found && address) document.querySelector("main h1")?.focus({ preventScroll: true });
        scrollTo(0, 0);
    }, [address]);
    const signOut = async () => {
        if (!session.key) await sessionCall("DELETE").catch(() => {});
        onSessionEnd();
    };
    return html`<${Frame} section=${found ? found.section : undefined} onSignOut=${signOut}>${found ? found.page
        : who === "nobody" ? html`<${SignIn} onDone=${() => setWho("someone")} />` : html`<${Ended} isLink=${who === "link"} />`}<//><${Announcer} />`;
}

/** An iframe may grow with its content. */
function watchSize() {
    if (parent === window) return;
    new ResizeObserver(() => tellParent({ type: "webhooks.resize", height: document.documentElement.scrollHeight })).observe(document.body);
}

async function begin() {
    const root = document.getElementById("app");
    // Here and not in the page, which is painted first.
    document.head.append(Object.assign(document.createElement("link"), { rel: "icon", href: "logo" }));
    let before = "nobody";
    let problem = null;
    try {
        config = { ...config, ...(await (await fetch("config.json")).json()) };
        if (config.appearance === "light" || config.appearance === "dark") document.documentElement.dataset.appearance = config.appearance;
        const isRejected = await enterByLink();
        before = tokenStore.get() !== null ? "ended" : isRejected ? "link" : "nobody";
        if (tokenStore.get()) await identify();
    } catch (error) {
        if (error.status === 401) tokenStore.set(null);
        else problem = error;
    }
    root.replaceChildren();
    if (problem) render(html`<${Frame}><${Problem} error=${problem} onRetry=${() => location.reload()} /><//>`, root);
    else render(html`<${App} before=${before} />`, root);
    watchSize();
}

begin();
