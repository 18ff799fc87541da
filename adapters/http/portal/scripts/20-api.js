const { h, render, Fragment } = preact;
const { useState, useEffect, useRef, useCallback, useMemo } = preactHooks;
const html = htm.bind(h);

/** What the server says before anyone is known: config.json. */
let config = { apiBase: "../v1/webhooks/", brand: {}, egressAddresses: [], showOperator: true };

// ---- Who is using the page. A link's token lives as long as the tab; an API key only in memory.

const tokenStore = {
    key: "webhooks.portal.token",
    memory: null,
    get() {
        try {
            return sessionStorage.getItem(this.key) ?? this.memory;
        } catch {
            return this.memory;  // A browser may deny storage in an iframe.
        }
    },
    set(token) {
        this.memory = token;
        try {
            token === null ? sessionStorage.removeItem(this.key) : sessionStorage.setItem(this.key, token);
        } catch {}
    },
};

const session = { key: null, user: null, permissions: [], view: "user" };
const isAdministrator = () => session.permissions.includes("administrator");
const can = (permission) => isAdministrator() || session.permissions.includes(permission);

/** Called once when the server no longer accepts the session. */
let onSessionEnd = () => {};

class ApiError extends Error {
    constructor(status, message, errors) {
        super(message);
        this.status = status;
        this.errors = errors ?? {};
    }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function query(parameters) {
    const entries = Object.entries(parameters ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
    return entries.length === 0 ? "" : "?" + new URLSearchParams(entries);
}

/** @return the parsed answer, or its text if that is asked for. Throws an ApiError. */
async function call(method, path, { body, parameters, base = config.apiBase, isText, isQuiet } = {}) {
    const headers = {};
    if (session.key) headers["x-api-key"] = session.key;
    else if (tokenStore.get()) headers["Authorization"] = "Bearer " + tokenStore.get();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    for (let attempt = 0; ; ++attempt) {
        try {
            response = await fetch(base + path + query(parameters), {
                method, headers, body: typeof body === "object" ? JSON.stringify(body) : body,
                credentials: "omit", cache: "no-store", redirect: "error",
            });
        } catch {
            throw new ApiError(0, t.offline);
        }
        if (response.status !== 429 || attempt === 4) break;
        if (!isQuiet) announce(t.tooFast);
        await pause(1000 * Math.min(30, Number(response.headers.get("retry-after")) || 1));
    }
    let answer = {};
    try {
        answer = await (isText && response.ok ? response.text() : response.json());
    } catch {}
    if (response.ok) return answer;
    if (response.status === 401 && path !== "/portal/session") onSessionEnd();
    // Of an event type the server knows more, such as what it was replaced by.
    if (response.status === 404 && !path.startsWith("event-types/")) throw new ApiError(404, t.missing);
    throw new ApiError(response.status, answer.message || t.unexpected(response.status), answer.errors);
}

const api = {
    get: (path, parameters) => call("GET", path, { parameters }),
    /** For what fills a page in by and by: that it takes a while need not be said. */
    quiet: (path, parameters) => call("GET", path, { parameters, isQuiet: true }),
    text: (path, parameters) => call("GET", path, { parameters, isText: true }),
    post: (path, body = {}) => call("POST", path, { body }),
    put: (path, body) => call("PUT", path, { body }),
    delete: (path) => call("DELETE", path),
};

/** A text literal of list queries. */
const quoted = (text) => "'" + text.replaceAll("'", "''") + "'";
const allOf = (conditions) => conditions.filter(Boolean).join(" and ");

/** At most four at once, so that a page of rows does not take the whole rate of its session. */
const queue = { waiting: [], running: 0 };
function inTurn(work) {
    return new Promise((resolve, reject) => {
        queue.waiting.push(async () => {
            try {
                resolve(await work());
            } catch (error) {
                reject(error);
            }
        });
        nextInTurn();
    });
}
async function nextInTurn() {
    if (queue.running >= 4 || queue.waiting.length === 0) return;
    ++queue.running;
    await queue.waiting.shift()();
    --queue.running;
    nextInTurn();
}

/**
 * Loads something for a component. @return {data, error, isLoading, reload}: data of before stays while it is
 * loaded again, so that nothing jumps.
 * @param isKept also when the dependencies change: for lists that are filtered and paged
 */
function useLoad(load, dependencies, isKept) {
    const [state, setState] = useState({ isLoading: true });
    const latest = useRef(0);
    const reload = useCallback(async (isQuiet) => {
        const turn = ++latest.current;
        if (!isQuiet) setState((before) => ({ ...before, isLoading: true }));
        try {
            const data = await load();
            if (turn === latest.current) setState({ of: reload, data, isLoading: false });
        } catch (error) {
            if (turn === latest.current) setState((before) => ({ ...(isQuiet && before), of: reload, error, isLoading: false }));
        }
    }, dependencies);
    useEffect(() => {
        if (!isKept) setState({ isLoading: true });
        reload();
        return () => void ++latest.current;
    }, [reload]);
    // The effect runs only after this was drawn with new dependencies.
    return { ...(isKept || state.of === reload ? state : { isLoading: true }), reload };
}
