console.log('kanpeki', process.version, process.argv.slice(2))
