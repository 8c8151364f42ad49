"""A Raspberry Pi with an ADS131M08 on SPI. See README.md."""
