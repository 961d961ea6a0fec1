// One connection to a service that stays open, with one question on it at a time. It reads just what the service answers
// these questions with, so that asking takes little of the processor that both share.

import { connect, type Socket } from 'node:net'

const HEAD_END = '\r\n\r\n'

export type Answered = { readonly status: number; readonly body: string }

export class Connection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #waiting: PromiseWithResolvers<Answered> | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (part: Buffer) => this.#take(part))
    const fail = (error: Error): void => this.#waiting?.reject(error)
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('the service closed the connection')))
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.off('error', reject)
        resolve(new Connection(socket))
      })
      socket.once('error', reject)
    })
  }

  post(path: string, body: string, token: string): Promise<Answered> {
    this.#waiting = Promise.withResolvers()
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n` +
        `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    return this.#waiting.promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(part: Buffer): void {
    this.#received = this.#received.byteLength === 0 ? part : Buffer.concat([this.#received, part])
    const headLength = this.#received.indexOf(HEAD_END)
    if (headLength < 0) return
    const head = this.#received.toString('latin1', 0, headLength)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1])
    if (Number.isNaN(length)) {
      this.#waiting?.reject(new Error(`an answer without a length: ${head}`))
      return
    }
    const bodyFrom = headLength + HEAD_END.length
    if (this.#received.byteLength < bodyFrom + length) return
    const body = this.#received.toString('utf8', bodyFrom, bodyFrom + length)
    this.#received = this.#received.subarray(bodyFrom + length)
    this.#waiting?.resolve({ status: Number(head.slice(9, 12)), body })
  }
}
