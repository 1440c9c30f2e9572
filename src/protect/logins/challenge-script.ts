/**
 * What the challenge page runs. SHA-256 (FIPS 180-4) is written out, for browsers give theirs to pages over TLS only, and asking it for
 * each hash takes longer than the hash. Works in slices, so that the page stays alive. Its hash stands in the page's policy.
 */
export const CHALLENGE_SCRIPT = `'use strict';
(function () {
  var state = document.getElementById('state'), next = document.getElementById('next'), d = state.dataset;
  var K = new Int32Array(64), H = new Int32Array(8), W = new Int32Array(64), found = 0;
  for (var n = 2; found < 64; n++) {
    var prime = true;
    for (var f = 2; f * f <= n; f++) if (n % f === 0) prime = false;
    if (!prime) continue;
    if (found < 8) H[found] = (Math.sqrt(n) % 1) * 4294967296;
    K[found++] = (Math.cbrt(n) % 1) * 4294967296;
  }
  function zeroBits(text) {
    var size = text.length, blocks = ((size + 8) >> 6) + 1, a = H[0], b = H[1], c = H[2], e = H[4], g = H[6];
    var s = [H[0], H[1], H[2], H[3], H[4], H[5], H[6], H[7]];
    for (var block = 0; block < blocks; block++) {
      for (var i = 0; i < 16; i++) {
        var word = 0;
        for (var j = 0; j < 4; j++) {
          var at = block * 64 + i * 4 + j;
          word = (word << 8) | (at < size ? text.charCodeAt(at) : at === size ? 128 : 0);
        }
        W[i] = word;
      }
      if (block === blocks - 1) W[15] = size * 8;
      for (i = 16; i < 64; i++) {
        var x = W[i - 15], y = W[i - 2];
        W[i] = W[i - 16] + W[i - 7] +
          (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) +
          (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10));
      }
      var h = s.slice();
      for (i = 0; i < 64; i++) {
        e = h[4]; a = h[0];
        var one = (h[7] + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) +
          ((e & h[5]) ^ (~e & h[6])) + K[i] + W[i]) | 0;
        var two = ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) +
          ((a & h[1]) ^ (a & h[2]) ^ (h[1] & h[2]))) | 0;
        h[7] = h[6]; h[6] = h[5]; h[5] = e; h[4] = (h[3] + one) | 0;
        h[3] = h[2]; h[2] = h[1]; h[1] = a; h[0] = (one + two) | 0;
      }
      for (i = 0; i < 8; i++) s[i] = (s[i] + h[i]) | 0;
    }
    return s[0] === 0 ? 32 + Math.clz32(s[1]) : Math.clz32(s[0]);
  }
  var nonce = 0, bits = Number(d.bits);
  function work() {
    var end = performance.now() + 30;
    do {
      for (var i = 0; i < 200; i++, nonce++) {
        if (zeroBits(d.token + '.' + nonce.toString(36)) < bits) continue;
        document.cookie = d.cookie + '=' + d.token + '~' + nonce.toString(36) + '; path=/; max-age=' + d.seconds +
          '; samesite=lax' + (d.secure ? '; secure' : '');
        if (document.cookie.indexOf(d.token) < 0) { state.textContent = d.noCookie; return; }
        state.textContent = d.done;
        next.hidden = false;
        location.replace(next.href);
        return;
      }
    } while (performance.now() < end);
    setTimeout(work, 0);
  }
  state.textContent = d.working;
  work();
})();
`
