/** The output of `--help`. */
export const USAGE = `Talk to a WebSocket server, or be one.

Usage: wsd [OPTIONS] URL
       wsd [OPTIONS] listen [HOST:]PORT

On a terminal there is a prompt: each line is sent as a message, /ping and /close do what they say, /help shows more, and
Ctrl-D closes. With pipes it is a filter: each line of standard input is a message, each message that comes is a line.

Options:
  -H, --header "NAME: VALUE"   add a header field to the handshake; may be given again
      --protocol NAME          offer a subprotocol, or with listen accept one; may be given again
      --origin ORIGIN          send this Origin
      --proxy URL              go through a proxy: http:, https:, socks5: or socks5h:, or env (needs --allow-env)
      --ca FILE                trust this certificate besides the system's, in PEM (needs --allow-read)
      --compress               compress messages, if the other side can
      --ping MS                send a Ping this often
      --reconnect              connect again when the connection is lost; meanwhile messages wait
      --binary hex|base64|raw  send each line as a binary message in this notation, and show binary messages in it; raw
                               sends the whole input as one, and writes what comes without line breaks
      --json                   print every event as a line of JSON
      --once                   end after the first message
      --wait MS                how long to wait for answers at the end of the input, by default 1000; or "forever"
  -h, --help                   show this

Exit codes: 0 clean, 1 wrong usage, 2 not reached, 3 refused, 4 lost, 5 closed with another code than 1000 and 1005.
`;

/** The command line is invalid; the message says why. */
export class UsageError extends Error {
  /** The class's name. */
  override readonly name: string = "UsageError";
}
