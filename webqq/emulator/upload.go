package emulator

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

func (s *Service) gfaceSig(*call) *Reply {
	return ok(object{"reply", 0, "gface_key", s.draw(mixed, 16), "gface_sig", s.draw(hexDigits, 96)})
}

// file finds an uploaded file among the parts of a form.
func (c *call) file(field string) (name string, data []byte, err error) {
	_, params, err := mime.ParseMediaType(c.req.Header.Get("Content-Type"))
	if err != nil {
		return "", nil, fmt.Errorf("the body is no form with files: %w", err)
	}
	for parts := multipart.NewReader(bytes.NewReader(c.req.Body), params["boundary"]); ; {
		part, err := parts.NextPart()
		if err == io.EOF {
			return "", nil, fmt.Errorf("there is no file in the field %s", field)
		}
		if err != nil {
			return "", nil, fmt.Errorf("the form with files cannot be read: %w", err)
		}
		if part.FormName() == field {
			data, err := io.ReadAll(part)
			return part.FileName(), data, err
		}
	}
}

// The answers to uploads were pages that called back into the page around.
func callback(function, argument string) *Reply {
	return reply(http.StatusOK, typeHTML, []byte("<head><script type=\"text/javascript\">document.domain='qq.com';"+function+"("+argument+");</script></head><body></body>"))
}

const maxFace = 1 << 20

// cfaceUpload takes a picture for a group; its new name is its MD5.
func (s *Service) cfaceUpload(c *call) *Reply {
	_, data, err := c.file("custom_face")
	if err != nil {
		return s.refuse(c, 0, err.Error())
	}
	ret, msg := 0, fmt.Sprintf("%X.jPg", md5.Sum(data))
	if len(data) > maxFace {
		ret, msg = 2, "-7"
	}
	return callback("parent.EQQ.Model.ChatMsg.callbackSendPicGroup", fmt.Sprintf("{'ret':%d,'msg':'%s'}", ret, msg))
}

// offlinePic takes a picture for a friend.
func (s *Service) offlinePic(c *call) *Reply {
	name, data, err := c.file("file")
	if err != nil {
		return s.refuse(c, 0, err.Error())
	}
	answer := appendJSON(nil, object{"retcode", 0, "result", "OK", "progress", 100, "filesize", len(data), "fileid", 1,
		"filename", name, "filepath", fmt.Sprintf("/%x", md5.Sum(data))})
	return callback("parent.EQQ.Model.ChatMsg.callbackSendPic", string(answer))
}

func (s *Service) offpic(*call) *Reply {
	return redirect("http://weboffline.ftn.qq.com/ftn_access/picture.jpg")
}

func (s *Service) picture(*call) *Reply { return reply(http.StatusOK, "image/jpeg", blankPicture()) }
