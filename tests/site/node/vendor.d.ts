// The globals of the bundles in theme/assets/vendor; see bcclessons/site/node.
declare const Editor: any;
declare const Xterm: any;
