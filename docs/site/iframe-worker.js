/* Search in pages that are opened from the disk, where a browser starts no worker: a hidden frame takes its place. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      const home = new URL(url, document.baseURI).href;
      const load = (source) =>
        new Promise((done, failed) => {
          const script = inside.document.createElement("script");
          Object.assign(script, { src: new URL(source, home).href, onload: done, onerror: failed });
          inside.document.head.append(script);
        });
      inside.importScripts = (...sources) => Promise.all(sources.map(load));
      inside.postMessage = (data) => this.answer(data);
      this.ready = load(home);
    }

    answer(data) {
      const event = new MessageEvent("message", { data });
      this.dispatchEvent(event);
      this.onmessage?.(event);
    }

    postMessage(data) {
      this.ready.then(() => {
        const { MessageEvent: Event } = this.frame.contentWindow;
        this.frame.contentWindow.dispatchEvent(new Event("message", { data }));
      });
    }

    terminate() {
      this.frame.remove();
    }
  };
}
