// SPDX-License-Identifier: MIT

// client.go - client ADDRESS VERSION: a TLS client of Go's own crypto/tls. It sends each line of its
// standard input and prints what comes back. VERSION is 2 or 3, of TLS 1.
package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
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
	answers := bufio.NewScanner(conn)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Fprintln(conn, lines.Text())
		answers.Scan()
		fmt.Println(answers.Text())
	}
}
