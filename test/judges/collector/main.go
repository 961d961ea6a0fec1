// Reads export requests of OTLP in JSON, one a line, with the decoder of the OpenTelemetry Collector, and writes each as
// the Collector would write it: what comes back otherwise was not understood.

package main

import (
	"bufio"
	"fmt"
	"log"
	"os"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

const lineBytesMax = 64 << 20

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineBytesMax)
	for lines.Scan() {
		request := ptraceotlp.NewExportRequest()
		if err := request.UnmarshalJSON(lines.Bytes()); err != nil {
			log.Fatal(err)
		}
		again, err := request.MarshalJSON()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(again))
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
