{
  # Nothing is compiled by gyp: the addon is Rust. The one action lets node-gyp, and so node-gyp-build's fallback
  # and prebuildify, ask cargo for it. prebuildify takes the first *.node of build/Release, so no second one may
  # be made there, nor the library under its own name.
  "targets": [
    {
      "target_name": "ferropool",
      "type": "none",
      "actions": [
        {
          "action_name": "cargo",
          "inputs": [],
          # A file that never exists: only cargo knows whether something changed, so it is always asked.
          "outputs": ["<(PRODUCT_DIR)/ferropool.always"],
          "action": ["node", "scripts/build-native.mjs", "--configuration", "<(CONFIGURATION_NAME)"]
        }
      ]
    }
  ]
}
