// SPDX-License-Identifier: MIT

// client.go - client ADDRESS VERSION [PATH]: a TLS client of Go's own crypto/tls. It sends each line
// of its standard input and prints what comes back, or fetches PATH. VERSION is 2 or 3, of TLS 1.
package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"os"
)

func main() {
	version := uint16(tls.VersionTLS12)
	if os.Args[2] == "3" {
		version = tls.VersionTLS13
	}
	conn, err := tls.Dial("tcp", os.Args[1], &tls.Config{
		InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if len(os.Args) > 3 {
		fmt.Fprintf(conn, "GET %s HTTP/1.0\r\n\r\n", os.Args[3])
		io.Copy(os.Stdout, conn)
		return
	}
	answers := bufio.NewScanner(conn)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Fprintln(conn, lines.Text())
		answers.Scan()
		fmt.Println(answers.Text())
	}
}
