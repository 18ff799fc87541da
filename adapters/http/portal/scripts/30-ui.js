// The parts that pages are made of.

const cx = (...names) => names.filter(Boolean).join(" ");

/** Says something to everyone: shown for a while on this page, and read out. */
let announce = () => {};
/** The same on the page that is gone to now, in place of this one. */
let announceThere = () => {};

function Announcer() {
    const [text, setText] = useState("");
    const timer = useRef();
    const isForNext = useRef(false);
    announce = (next) => {
        setText(next);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setText(""), 6000);
    };
    announceThere = (next, address) => {
        isForNext.current = location.hash !== address;
        announce(next);
        location.hash = address;
    };
    useEffect(() => {
        const leave = () => {
            if (!isForNext.current) setText("");
            isForNext.current = false;
        };
        addEventListener("hashchange", leave);
        return () => removeEventListener("hashchange", leave);
    }, []);
    return html`<div class=${cx("toast", text && "shown")} role="status" aria-live="polite">${text}</div>`;
}

const icons = {
    check: "M3 8.5l3.2 3.2L13 4.8", clock: "M8 4.5V8l2.5 2M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
    cross: "M4.5 4.5l7 7M11.5 4.5l-7 7", pause: "M5.5 4v8M10.5 4v8", off: "M3.8 3.8l8.4 8.4M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
    warning: "M8 2.5l6 10.5H2L8 2.5zM8 6.5v3M8 11.4v.1",
};
const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${icons[name]} /></svg>`;

const looks = {
    delivered: ["check", "good"], available: ["check", "good"], active: ["check", "good"], waiting: ["clock", "wait"], paused: ["pause", "wait"],
    deprecated: ["warning", "wait"], retired: ["off", "mute"], failed: ["cross", "bad"], failing: ["warning", "bad"], cancelled: ["off", "mute"], expired: ["clock", "mute"], inactive: ["off", "mute"],
};
/** A state: an icon and a word, never colour alone. @param hint what it means, where that is not obvious */
function State({ is, hint, children }) {
    const [icon, tone] = looks[is];
    return html`<span class=${cx("state", tone)} title=${hint}><${Icon} name=${icon} />${children || (t.status[is] ?? t.state[is])}</span>`;
}

function Time({ at, relative }) {
    if (!at) return t.none;
    const date = new Date(at);
    return html`<time datetime=${at} title=${date.toISOString().replace("T", " ").replace("Z", " UTC")}>${relative ? ago(date) : dateAndTime(date)}</time>`;
}

/** Text from outside, on one line. */
const Outside = ({ text, class: name }) => html`<span class=${cx("outside", name)} title=${visible(text)}>${visible(text)}</span>`;

function CopyButton({ text, label = t.copy }) {
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
            announce(t.copied);
        } catch {
            announce(t.copyFailed);
        }
    };
    return html`<button type="button" class="quiet small" onClick=${copy}>${label}</button>`;
}

/** @param copied what is copied, if it is not what is shown; null: nothing @param isProse whether its lines are broken */
function Code({ text, label, copied = text, isProse }) {
    return html`<div class=${cx("code", isProse && "prose")}>
        <pre tabindex="0" aria-label=${label}>${visibleLines(text)}</pre>
        ${copied !== null && html`<${CopyButton} text=${copied} />`}</div>`;
}

/** Lets the reader save a text as a file. */
function download(text, name, type = "text/plain") {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function Problem({ error, onRetry }) {
    return html`<div class="problem" role="alert"><${Icon} name="warning" /><p>${visible(error.message)}</p>
        ${onRetry && error.status !== 404 && html`<button type="button" onClick=${() => onRetry()}>${t.retry}</button>`}</div>`;
}

const Skeleton = ({ lines = 5 }) => html`<div class="skeleton" aria-hidden="true">${Array.from({ length: lines }, () => html`<div></div>`)}</div>
    <p class="hidden" role="status">${t.loading}</p>`;

/** What was loaded, or its error, or the place where it will be. */
function Loaded({ of, lines, children }) {
    if (of.data !== undefined) return html`${of.error && html`<${Problem} error=${of.error} onRetry=${of.reload} />`}${children(of.data)}`;
    if (of.error) return html`<${Problem} error=${of.error} onRetry=${of.reload} />`;
    return html`<${Skeleton} lines=${lines} />`;
}

function Empty({ title, text, children }) {
    return html`<div class="empty">${title && html`<h2>${title}</h2>`}
        ${[text].flat().filter(Boolean).map((line) => html`<p>${line}</p>`)}${children}</div>`;
}

/** What is folded away is made when it is unfolded. @param children a function */
function Details({ summary, children }) {
    const [isOpen, setOpen] = useState(false);
    return html`<details onToggle=${(event) => setOpen(event.target.open)}><summary>${summary}</summary><div>${isOpen && children()}</div></details>`;
}

/**
 * A table that becomes a list on narrow screens: each cell then shows its column's name.
 * @param isPaired whether its first cell is as small as the others, so that a narrow screen has two in each line
 */
function Table({ label, columns, rows, numeric = [], isPaired }) {
    return html`<div class="table-frame"><table class=${isPaired && "pairs"} aria-label=${label}>
        <thead><tr>${columns.map((name, i) => html`<th scope="col" class=${numeric.includes(i) && "number"}>${name}</th>`)}</tr></thead>
        <tbody>${rows.map(({ key, cells }) => html`<tr key=${key}>${cells.map((cell, i) =>
            html`<td data-column=${columns[i]} class=${numeric.includes(i) && "number"}>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

let lastField = 0;
function Field({ label, hint, error, children }) {
    const id = useMemo(() => `field-${++lastField}`, []);
    const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
    return html`<div class=${cx("field", error && "wrong")}><label for=${id}>${label}</label>
        ${children({ id, "aria-describedby": described, "aria-invalid": error ? "true" : undefined })}
        ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
        ${error && html`<p class="error" id="${id}-error"><${Icon} name="warning" />${visible(error)}</p>`}</div>`;
}

const Text = ({ label, hint, error, value, onInput, ...rest }) => html`<${Field} label=${label} hint=${hint} error=${error}>${(given) =>
    html`<input ...${given} ...${rest} value=${value} onInput=${(event) => onInput(event.target.value)} />`}<//>`;

/** @param options of [value, name], or of [name of a group, options] */
const Select = ({ label, hint, error, value, onInput, options }) => {
    const draw = ([key, name]) => Array.isArray(name) ? html`<optgroup label=${key}>${name.map(draw)}</optgroup>`
        : html`<option value=${key} selected=${String(key) === String(value)}>${name}</option>`;
    return html`<${Field} label=${label} hint=${hint} error=${error}>${(given) =>
        html`<select ...${given} onChange=${(event) => onInput(event.target.value)}>${options.map(draw)}</select>`}<//>`;
};

/** Asks once before an act, naming its object; the button repeats the action. */
function Confirm({ title, text, action, isGrave, onDo, onClose, children }) {
    const dialog = useRef();
    const [state, setState] = useState({});
    useEffect(() => {
        dialog.current.showModal();
    }, []);
    const act = async (event) => {
        event.preventDefault();
        setState({ isBusy: true });
        try {
            await onDo();
            dialog.current.close();
        } catch (error) {
            setState({ error });
        }
    };
    return html`<dialog ref=${dialog} aria-labelledby="confirm-title" onClose=${onClose}>
        <form onSubmit=${act}><h2 id="confirm-title">${visible(title)}</h2><p>${text}</p>${children}
        ${state.error && html`<${Problem} error=${state.error} />`}
        <div class="buttons end"><button type="button" onClick=${() => dialog.current.close()}>${t.cancel}</button>
        <button class=${isGrave ? "grave" : "main"} disabled=${state.isBusy}>${action}</button></div></form></dialog>`;
}

/** A button that does something at once and says how it went. */
function Act({ onDo, children, class: name, ...rest }) {
    const [isBusy, setBusy] = useState(false);
    const act = async () => {
        setBusy(true);
        try {
            await onDo();
        } catch (error) {
            announce(error.message);
        }
        setBusy(false);
    };
    return html`<button type="button" class=${name} disabled=${isBusy} onClick=${act} ...${rest}>${children}</button>`;
}

/** Hidden until it is asked for, and again after half a minute. */
function Secret({ load }) {
    const [secret, setSecret] = useState(null);
    useEffect(() => {
        if (secret === null) return;
        const timer = setTimeout(() => setSecret(null), 30000);
        return () => clearTimeout(timer);
    }, [secret]);
    if (!can("secrets:read")) return html`<span class="mute">${t.forbidden("secrets:read")}</span>`;
    if (secret === null) {
        return html`<span class="secret"><code aria-hidden="true">••••••••••••••••</code>
            <${Act} class="quiet small" onDo=${async () => setSecret(await load())}>${t.endpoint.reveal}<//></span>`;
    }
    return html`<span class="secret"><code>${visible(secret)}</code><${CopyButton} text=${secret} />
        <button type="button" class="quiet small" onClick=${() => setSecret(null)}>${t.endpoint.hide}</button></span>`;
}

/** A page's head: where one comes from, its name, and what can be done. */
function Head({ title, lead, back, children }) {
    useEffect(() => {
        document.title = `${visible(title)} · ${config.brand.name || t.product}`;
    }, [title]);
    return html`<header class="page-head">${back && html`<a class="back" href=${back[0]}>${t.back(visible(back[1]))}</a>`}
        <div class="title"><h1 tabindex="-1">${visible(title)}</h1><div class="buttons">${children}</div></div>
        ${lead && html`<p class="lead">${lead}</p>`}</header>`;
}
