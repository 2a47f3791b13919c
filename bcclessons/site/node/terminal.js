// The terminals of live pages: xterm.js as one classic script.
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";

Object.assign(globalThis, { Xterm: { FitAddon, Terminal } });
